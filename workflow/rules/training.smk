# Stages that rows share, and every row's joint stage.
rule pretrain_ranking:
    input:
        unpack(PLAN.start_files("pretrain_ranking")),
    output:
        checkpoint=paths.checkpoint("pretrain_ranking"),
        curves=paths.curves("pretrain_ranking"),
    log:
        paths.log("pretrain_ranking/{name}/seed{seed}"),
    benchmark:
        paths.benchmark("pretrain_ranking/{name}/seed{seed}")
    wildcard_constraints:
        name=plan.only(CONFIG.encoders),
    threads: CONFIG.threads
    resources:
        gpu=CARDS,
        mem_mb=resources.memory(NETWORKS),
    params:
        **PLAN.training("train_ranking", "pretrain_ranking"),
    shell:
        "logged {log} python -m gxn.steps.{params.step} --config $config --stage {params.stage}"
        " --name {wildcards.name} {params.files} --seed {wildcards.seed} --resume {params.resume}"
        " --curves {output.curves} --out {output.checkpoint} {params.embeddings}"


use rule pretrain_ranking as pretrain_xe with:
    input:
        unpack(PLAN.start_files("pretrain_xe")),
    output:
        checkpoint=paths.checkpoint("pretrain_xe"),
        curves=paths.curves("pretrain_xe"),
    log:
        paths.log("pretrain_xe/{name}/seed{seed}"),
    benchmark:
        paths.benchmark("pretrain_xe/{name}/seed{seed}")
    params:
        **PLAN.training("train_captions", "pretrain_xe"),


use rule pretrain_ranking as pretrain_scst with:
    input:
        unpack(PLAN.start_files("pretrain_scst")),
    output:
        checkpoint=paths.checkpoint("pretrain_scst"),
        curves=paths.curves("pretrain_scst"),
    log:
        paths.log("pretrain_scst/{name}/seed{seed}"),
    benchmark:
        paths.benchmark("pretrain_scst/{name}/seed{seed}")
    params:
        **PLAN.training("train_captions", "pretrain_scst"),


use rule pretrain_ranking as pretrain_gan with:
    input:
        unpack(PLAN.start_files("pretrain_gan")),
    output:
        checkpoint=paths.checkpoint("pretrain_gan"),
        curves=paths.curves("pretrain_gan"),
    log:
        paths.log("pretrain_gan/{name}/seed{seed}"),
    benchmark:
        paths.benchmark("pretrain_gan/{name}/seed{seed}")
    params:
        **PLAN.training("train_drawing", "pretrain_gan"),


use rule pretrain_ranking as rank with:
    input:
        unpack(PLAN.start_files("joint")),
    output:
        checkpoint=paths.checkpoint("joint"),
        curves=paths.curves("joint"),
        embeddings=paths.embeddings("{name}"),
    log:
        paths.log("joint/{name}/seed{seed}"),
    benchmark:
        paths.benchmark("joint/{name}/seed{seed}")
    wildcard_constraints:
        name=plan.only(PLAN.plain),
    params:
        **PLAN.training("train_ranking", "joint"),


use rule rank as imagine_and_rank with:
    wildcard_constraints:
        name=plan.only(PLAN.imagining),
    params:
        **PLAN.training("train_joint", "joint"),


rule pretraining:
    input:
        PLAN.checked("batch"),
        PLAN.checkpoints(*plan.PRETRAINING),
        PLAN.curves(*plan.PRETRAINING),
    localrule: True


rule joint:
    input:
        PLAN.checked(*["cards"] * bool(PLAN.tuned)),
        PLAN.checkpoints("joint"),
        PLAN.curves("joint"),
        PLAN.expand(paths.EMBEDDINGS, method=PLAN.rows),
        [
            PLAN.expand(path, method=PLAN.tuned)
            for path in (paths.TUNED, paths.TUNED_CNN, paths.TUNED_CURVES)
        ],
    localrule: True
