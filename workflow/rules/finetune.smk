# Rows whose CNN is trained too, `{row}_ft`: from a row's joint stage to the features of its test split.
PROCESSES = CONFIG.finetune.processes


rule finetune:
    input:
        unpack(lambda w: stage_files.finetune_inputs(PLAN, w.method, w.seed)),
    output:
        checkpoint=paths.TUNED,
        cnn=paths.TUNED_CNN,
        curves=paths.TUNED_CURVES,
    log:
        paths.log("finetune/{method}/seed{seed}"),
    benchmark:
        paths.benchmark("finetune/{method}/seed{seed}")
    wildcard_constraints:
        method=plan.only(PLAN.tuned),
    threads: PROCESSES * CONFIG.threads
    resources:
        gpu=PROCESSES * CARDS,
        mem_mb=resources.memory(2000, PROCESSES, features=0),
    params:
        row=lambda wildcards: PLAN.tuned[wildcards.method],
        images=data_files.images_option(PLAN),
        launch=resources.launch(PROCESSES),
        settings=lambda w: job_params.finetuning(PLAN, w.method),
        code=lambda w: digests.finetuning(PLAN, w.method),
        resume=paths.resume("finetune/{method}/seed{seed}"),
    shell:
        "logged {log} {params.launch} gxn.steps.finetune --config $config --name {params.row}"
        " --checkpoint {input.checkpoint} --weights {input.weights:q} {params.images}"
        " --captions {input.captions} --tokens {input.tokens} --features {input.features}"
        " --seed {wildcards.seed} --resume {params.resume} --curves {output.curves}"
        " --out-cnn {output.cnn} --out {output.checkpoint}"


rule tuned_features:
    input:
        captions=paths.CAPTIONS,
        rendered=data_files.rendered(PLAN),
        weights=paths.TUNED_CNN,
    output:
        paths.TUNED_FEATURES,
    log:
        paths.log("tuned_features/{method}/seed{seed}"),
    benchmark:
        paths.benchmark("tuned_features/{method}/seed{seed}")
    wildcard_constraints:
        method=plan.only(PLAN.tuned),
    threads: CONFIG.threads
    resources:
        gpu=CARDS,
        mem_mb=resources.memory(1500),
    params:
        images=data_files.images_option(PLAN),
        settings=job_params.features(PLAN),
        code=digests.step("features"),
        resume=paths.resume("tuned_features/{method}/seed{seed}"),
    shell:
        "logged {log} python -m gxn.steps.features --config $config --captions {input.captions}"
        " {params.images} --split test --weights {input.weights:q} --resume {params.resume}"
        " --out {output}"
