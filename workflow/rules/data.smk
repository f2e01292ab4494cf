# Captioned images into the files that every later step reads.
if CONFIG.dataset.source.renders():

    rule prepare:
        output:
            captions=paths.CAPTIONS,
            images=paths.IMAGES,
        log:
            paths.log("prepare"),
        benchmark:
            paths.benchmark("prepare")
        resources:
            mem_mb=resources.LIGHT,
        params:
            settings=digests.as_json(CONFIG.dataset.source),
            code=digests.source(PLAN),
        shell:
            "logged {log} python -m gxn.steps.prepare --config $config"
            " --captions {output.captions} --images {output.images}"

else:

    # `ancient`, since `prepared` knows when it is to be made again
    rule prepare:
        input:
            captions=[
                ancient(path) for path in data_files.source_inputs(PLAN)["captions"]
            ],
            images=data_files.source_inputs(PLAN)["images"],
            features=data_files.source_inputs(PLAN)["features"],
        output:
            captions=temp(f"scratch/{{dataset}}/prepared-{PREPARED_BY}.json"),
            split=temp(f"scratch/{{dataset}}/split-{PREPARED_BY}.json"),
        log:
            paths.log("prepare"),
        benchmark:
            paths.benchmark("prepare")
        resources:
            mem_mb=resources.memory(500, captions=20, features=0),
        params:
            code=digests.source(PLAN),
        shell:
            "logged {log} python -m gxn.steps.prepare --config $config"
            " --captions {output.captions} --split {output.split}"

    # A job of its own, for the reason of the rule `passed`.
    rule prepared:
        input:
            **data_files.source_inputs(PLAN),
            prepared=rules.prepare.output.captions,
            decided=rules.prepare.output.split,
        output:
            captions=paths.CAPTIONS,
            split=paths.SPLIT,
        log:
            paths.log("prepared"),
        localrule: True
        resources:
            mem_mb=10,
        params:
            code=digests.source(PLAN),
        shell:
            "logged {log} cp {input.decided} {output.split} && cp {input.prepared} {output.captions}"


rule tokenize:
    input:
        captions=paths.CAPTIONS,
        preflight=PLAN.checked("vocabulary"),
    output:
        vocabulary=paths.VOCABULARY,
        tokens=paths.TOKENS,
    log:
        paths.log("tokenize"),
    benchmark:
        paths.benchmark("tokenize")
    resources:
        mem_mb=resources.memory(resources.LIGHT),
    params:
        settings=digests.as_json(CONFIG.vocabulary),
        code=digests.step("tokenize"),
    shell:
        "logged {log} python -m gxn.steps.tokenize --config $config --captions {input.captions}"
        " --vocabulary {output.vocabulary} --tokens {output.tokens}"


rule document_frequencies:
    input:
        tokens=paths.TOKENS,
    output:
        paths.FREQUENCIES,
    log:
        paths.log("document_frequencies"),
    resources:
        mem_mb=resources.memory(resources.LIGHT),
    params:
        code=digests.step("document_frequencies"),
    shell:
        "logged {log} python -m gxn.steps.document_frequencies --tokens {input.tokens} --out {output}"


rule labels:
    input:
        captions=paths.CAPTIONS,
        tokens=paths.TOKENS,
        instances=list(CONFIG.labels.instances),
    output:
        paths.LABELS,
    log:
        paths.log("labels"),
    benchmark:
        paths.benchmark("labels")
    resources:
        mem_mb=resources.memory(500, instances=20, tokens=30),
    params:
        settings=job_params.labels(PLAN),
        code=digests.step("labels"),
    shell:
        "logged {log} python -m gxn.steps.labels --config $config --captions {input.captions}"
        " --tokens {input.tokens} --out {output}"


rule gan_images:
    input:
        captions=paths.CAPTIONS,
        rendered=data_files.rendered(PLAN),
    output:
        paths.GAN_IMAGES,
    log:
        paths.log("gan_images"),
    benchmark:
        paths.benchmark("gan_images")
    resources:
        mem_mb=resources.memory(600),
    params:
        images=data_files.images_option(PLAN),
        size=CONFIG.dataset.gan_image_size,
        code=digests.step("gan_images"),
    shell:
        "logged {log} python -m gxn.steps.gan_images --config $config --captions {input.captions}"
        " {params.images} --out {output}"


rule data:
    input:
        data_files.data_files(PLAN),
    localrule: True
