# Stages that rows share, and every row's joint stage.
rule pretrain_ranking:
    input:
        unpack(stage_files.inputs(PLAN, "pretrain_ranking")),
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
        **job_params.training(PLAN, "train_ranking", "pretrain_ranking"),
    shell:
        "logged {log} python -m gxn.steps.{params.step} --config $config --stage {params.stage}"
        " --name {wildcards.name} {params.files} --seed {wildcards.seed} --resume {params.resume}"
        " --code {params.code}"
        " --curves {output.curves} --out {output.checkpoint} {params.embeddings}"


use rule pretrain_ranking as pretrain_xe with:
    input:
        unpack(stage_files.inputs(PLAN, "pretrain_xe")),
    output:
        checkpoint=paths.checkpoint("pretrain_xe"),
        curves=paths.curves("pretrain_xe"),
    log:
        paths.log("pretrain_xe/{name}/seed{seed}"),
    benchmark:
        paths.benchmark("pretrain_xe/{name}/seed{seed}")
    params:
        **job_params.training(PLAN, "train_captions", "pretrain_xe"),


use rule pretrain_ranking as pretrain_scst with:
    input:
        unpack(stage_files.inputs(PLAN, "pretrain_scst")),
    output:
        checkpoint=paths.checkpoint("pretrain_scst"),
        curves=paths.curves("pretrain_scst"),
    log:
        paths.log("pretrain_scst/{name}/seed{seed}"),
    benchmark:
        paths.benchmark("pretrain_scst/{name}/seed{seed}")
    params:
        **job_params.training(PLAN, "train_captions", "pretrain_scst"),


use rule pretrain_ranking as pretrain_gan with:
    input:
        unpack(stage_files.inputs(PLAN, "pretrain_gan")),
    output:
        checkpoint=paths.checkpoint("pretrain_gan"),
        curves=paths.curves("pretrain_gan"),
    log:
        paths.log("pretrain_gan/{name}/seed{seed}"),
    benchmark:
        paths.benchmark("pretrain_gan/{name}/seed{seed}")
    params:
        **job_params.training(PLAN, "train_drawing", "pretrain_gan"),


use rule pretrain_ranking as rank with:
    input:
        unpack(stage_files.inputs(PLAN, "joint")),
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
        **job_params.training(PLAN, "train_ranking", "joint"),


use rule rank as imagine_and_rank with:
    wildcard_constraints:
        name=plan.only(PLAN.imagining),
    params:
        **job_params.training(PLAN, "train_joint", "joint"),


use rule rank as train_system with:
    input:
        unpack(stage_files.inputs(PLAN, "system")),
    output:
        checkpoint=paths.checkpoint("system"),
        curves=paths.curves("system"),
        embeddings=paths.embeddings("{name}"),
    log:
        paths.log("system/{name}/seed{seed}"),
    benchmark:
        paths.benchmark("system/{name}/seed{seed}")
    wildcard_constraints:
        name=plan.only(PLAN.systems),
    params:
        **job_params.training(PLAN, "train_system", "system"),


rule pretraining:
    input:
        PLAN.checked("batch"),
        PLAN.checkpoints(*plan.PRETRAINING),
        PLAN.curves(*plan.PRETRAINING),
    localrule: True


rule joint:
    input:
        PLAN.checked(*["cards"] * bool(PLAN.tuned)),
        PLAN.checkpoints(*plan.ROWS),
        PLAN.curves(*plan.ROWS),
        PLAN.expand(paths.EMBEDDINGS, method=PLAN.trained),
        [
            PLAN.expand(path, method=PLAN.tuned)
            for path in (paths.TUNED, paths.TUNED_CNN, paths.TUNED_CURVES)
        ],
    localrule: True
