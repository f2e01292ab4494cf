# Embeddings of the test split, their ranks and metrics, and what the rows imagine of it.
# Rows whose CNN is trained too; the others write their embeddings as they are trained.
rule embed:
    input:
        checkpoint=paths.TUNED,
        features=paths.TUNED_FEATURES,
        tokens=paths.TOKENS,
    output:
        paths.EMBEDDINGS,
    log:
        paths.log("embed/{method}/seed{seed}"),
    benchmark:
        paths.benchmark("embed/{method}/seed{seed}")
    wildcard_constraints:
        method=plan.only(PLAN.tuned),
    threads: CONFIG.threads
    resources:
        gpu=CARDS,
        mem_mb=resources.memory(NETWORKS),
    params:
        settings=plan.as_json(PLAN.machine),
        code=PLAN.row_code("embed"),
    shell:
        "logged {log} python -m gxn.steps.embed --config $config --checkpoint {input.checkpoint}"
        " --features {input.features} --tokens {input.tokens} --out {output}"


rule cca:
    input:
        features=paths.FEATURES,
        tokens=paths.TOKENS,
    output:
        paths.EMBEDDINGS,
    log:
        paths.log("cca/{method}/seed{seed}"),
    benchmark:
        paths.benchmark("cca/{method}/seed{seed}")
    wildcard_constraints:
        method=plan.only(PLAN.seedless_of("cca")),
    threads: CONFIG.threads
    resources:
        mem_mb=resources.memory(1500),
    params:
        settings=PLAN.seedless_settings,
        code=PLAN.code("cca"),
    shell:
        "logged {log} python -m gxn.steps.cca --config $config --name {wildcards.method}"
        " --features {input.features} --tokens {input.tokens} --out {output}"


rule import_embeddings:
    input:
        file=lambda wildcards: CONFIG.seedless[wildcards.method].file,
        features=paths.FEATURES,
        tokens=paths.TOKENS,
    output:
        paths.EMBEDDINGS,
    log:
        paths.log("import_embeddings/{method}/seed{seed}"),
    wildcard_constraints:
        method=plan.only(PLAN.seedless_of("embeddings")),
    resources:
        mem_mb=resources.memory(500, file=4),
    params:
        code=PLAN.code("import_embeddings"),
    shell:
        "logged {log} python -m gxn.steps.import_embeddings --config $config --file {input.file:q}"
        " --features {input.features} --tokens {input.tokens} --out {output}"


rule evaluate:
    input:
        embeddings=paths.EMBEDDINGS,
        preflight=PLAN.checked("protocols"),
    output:
        metrics=paths.METRICS,
        ranks=paths.RANKS,
    log:
        paths.log("evaluate/{method}/seed{seed}"),
    benchmark:
        paths.benchmark("evaluate/{method}/seed{seed}")
    resources:
        mem_mb=resources.memory(resources.LIGHT),
    params:
        seed=PLAN.seed_option,
        settings=PLAN.evaluate_settings(),
        code=PLAN.evaluate_code(),
    shell:
        "logged {log} python -m gxn.steps.evaluate --config $config --embeddings {input.embeddings}"
        " --method {wildcards.method} {params.seed}"
        " --metrics {output.metrics} --ranks {output.ranks}"


rule imagine:
    input:
        checkpoint=paths.checkpoint("joint", "{method}"),
        captions=paths.CAPTIONS,
        features=paths.FEATURES,
        tokens=paths.TOKENS,
        frequencies=paths.FREQUENCIES,
        reader=PLAN.reader(),
    output:
        captions=paths.IMAGINED,
        drawings=paths.DRAWINGS,
    log:
        paths.log("imagine/{method}/seed{seed}"),
    benchmark:
        paths.benchmark("imagine/{method}/seed{seed}")
    wildcard_constraints:
        method=plan.only(PLAN.imagining),
    threads: CONFIG.threads
    resources:
        gpu=CARDS,
        mem_mb=resources.memory(NETWORKS),
    params:
        reader=PLAN.reader_option(),
        settings=PLAN.imagine_settings(),
        code=PLAN.row_code("imagine"),
    shell:
        "logged {log} python -m gxn.steps.imagine --config $config --checkpoint {input.checkpoint}"
        " --captions {input.captions} --features {input.features} --tokens {input.tokens}"
        " --frequencies {input.frequencies} --method {wildcards.method} --seed {wildcards.seed}"
        " --out-captions {output.captions} --out-drawings {output.drawings} {params.reader}"


rule train_reader:
    input:
        captions=paths.CAPTIONS,
        gan_images=paths.GAN_IMAGES,
    output:
        paths.READER,
    log:
        paths.log("train_reader"),
    benchmark:
        paths.benchmark("train_reader")
    threads: CONFIG.threads
    resources:
        gpu=CARDS,
        mem_mb=1200,
    params:
        settings=PLAN.reader_settings(),
        code=PLAN.code("train_reader"),
    shell:
        "logged {log} python -m gxn.steps.train_reader --config $config --captions {input.captions}"
        " --gan-images {input.gan_images} --out {output}"


rule imagined_lines:
    input:
        captions=paths.CAPTIONS,
        tokens=paths.TOKENS,
        frequencies=paths.FREQUENCIES,
        gan_images=PLAN.gan_images() if PLAN.reader() else [],
        reader=PLAN.reader(),
    output:
        paths.LINES,
    log:
        paths.log("imagined_lines"),
    resources:
        mem_mb=resources.memory(1000),
    params:
        files=" ".join([PLAN.drawn_option(), PLAN.reader_option()]),
        code=PLAN.code("imagined_lines"),
    shell:
        "logged {log} python -m gxn.steps.imagined_lines --config $config --captions {input.captions}"
        " --tokens {input.tokens} --frequencies {input.frequencies} {params.files} --out {output}"


rule evaluation:
    input:
        PLAN.checked("protocols"),
        PLAN.reader(),
        PLAN.lines(),
        PLAN.expand(paths.TUNED_FEATURES, method=PLAN.tuned),
        [PLAN.runs(path) for path in (paths.EMBEDDINGS, paths.RANKS, paths.METRICS)],
        [
            PLAN.expand(path, method=PLAN.imagining)
            for path in (paths.IMAGINED, paths.DRAWINGS)
        ],
    localrule: True
