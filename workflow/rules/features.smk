# The fixed CNN's features of every image.
rule train_cnn:
    input:
        preflight=PLAN.checked("cnn"),
    output:
        weights=paths.CNN,
        curves=paths.CNN_CURVES,
    log:
        paths.log("train_cnn"),
    benchmark:
        paths.benchmark("train_cnn")
    threads: CONFIG.threads
    resources:
        gpu=CARDS,
        mem_mb=1200,
    params:
        settings=plan.as_json({"cnn": CONFIG.cnn, "machine": PLAN.machine}),
        code=PLAN.code("train_cnn"),
        resume=paths.resume("cnn"),
    shell:
        "logged {log} python -m gxn.steps.train_cnn --config $config --resume {params.resume}"
        " --curves {output.curves} --out {output.weights}"


# For `features.file` of config/oracle.yaml alone.
rule oracle_features:
    input:
        captions=paths.CAPTIONS,
    output:
        paths.FACTS,
    log:
        paths.log("oracle_features"),
    resources:
        mem_mb=resources.memory(500),
    params:
        code=PLAN.code("oracle_features"),
    shell:
        "logged {log} python -m gxn.steps.oracle_features --config $config"
        " --captions {input.captions} --out {output}"


if CONFIG.features.file:

    # The user's own features take the place of a CNN and its photographs.
    rule import_features:
        input:
            captions=paths.CAPTIONS,
            decided=PLAN.decided(),
            ready=PLAN.ready_features(),
        output:
            paths.FEATURES,
        log:
            paths.log("import_features"),
        benchmark:
            paths.benchmark("import_features")
        resources:
            mem_mb=resources.memory(500),
        params:
            file=CONFIG.features.file,
            split=" ".join(f"--split {path}" for path in PLAN.decided()),
            settings=PLAN.feature_settings(),
            code=PLAN.code("import_features"),
        shell:
            "logged {log} python -m gxn.steps.import_features --config $config"
            " --captions {input.captions} {params.split} --file {params.file:q} --out {output}"

else:

    rule extract_features:
        input:
            captions=paths.CAPTIONS,
            rendered=PLAN.rendered(),
            weights=PLAN.weights,
            preflight=PLAN.checked("features"),
        output:
            paths.FEATURES,
        log:
            paths.log("extract_features"),
        benchmark:
            paths.benchmark("extract_features")
        threads: CONFIG.threads
        resources:
            gpu=CARDS,
            mem_mb=resources.memory(1500),
        params:
            images=PLAN.images_option(),
            settings=PLAN.feature_settings(),
            code=PLAN.code("features"),
            resume=paths.resume("features"),
        shell:
            "logged {log} python -m gxn.steps.features --config $config --captions {input.captions}"
            " {params.images} --weights {input.weights:q} --resume {params.resume} --out {output}"


rule features:
    input:
        PLAN.feature_files(),
    localrule: True
