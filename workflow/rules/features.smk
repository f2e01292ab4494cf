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
        settings=job_params.cnn(PLAN),
        code=digests.step("train_cnn"),
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
        code=digests.step("oracle_features"),
    shell:
        "logged {log} python -m gxn.steps.oracle_features --config $config"
        " --captions {input.captions} --out {output}"


if CONFIG.features.file:

    # The user's own features take the place of a CNN and its photographs.
    rule import_features:
        input:
            captions=paths.CAPTIONS,
            decided=data_files.decided(PLAN),
            ready=data_files.ready_features(PLAN),
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
            split=" ".join(f"--split {path}" for path in data_files.decided(PLAN)),
            settings=job_params.features(PLAN),
            code=digests.step("import_features"),
        shell:
            "logged {log} python -m gxn.steps.import_features --config $config"
            " --captions {input.captions} {params.split} --file {params.file:q} --out {output}"

else:

    rule extract_features:
        input:
            captions=paths.CAPTIONS,
            rendered=data_files.rendered(PLAN),
            weights=data_files.weights(PLAN),
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
            images=data_files.images_option(PLAN),
            settings=job_params.features(PLAN),
            code=digests.step("features"),
            resume=paths.resume("features"),
        shell:
            "logged {log} python -m gxn.steps.features --config $config --captions {input.captions}"
            " {params.images} --weights {input.weights:q} --resume {params.resume} --out {output}"


rule features:
    input:
        data_files.feature_files(PLAN),
    localrule: True
