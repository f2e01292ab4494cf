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
        settings=digests.as_json(PLAN.machine),
        code=lambda w: digests.row_reader(PLAN, "embed", w.method),
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
        settings=lambda w: job_params.seedless(PLAN, w.method),
        code=digests.step("cca"),
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
        code=digests.step("import_embeddings"),
    shell:
        "logged {log} python -m gxn.steps.import_embeddings --config $config --file {input.file:q}"
        " --features {input.features} --tokens {input.tokens} --out {output}"


rule evaluate:
    input:
        embeddings=paths.EMBEDDINGS,
        labels=data_files.real_labels(PLAN),
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
        seed=lambda w: job_params.seed_option(w.seed),
        labels=data_files.labels_option(PLAN),
        settings=job_params.evaluation(PLAN),
        code=digests.evaluation(),
    shell:
        "logged {log} python -m gxn.steps.evaluate --config $config --embeddings {input.embeddings}"
        " --method {wildcards.method} {params.seed} {params.labels}"
        " --metrics {output.metrics} --ranks {output.ranks}"


rule imagine:
    input:
        unpack(lambda w: result_files.held_out(PLAN, w.method, w.seed)),
        checkpoint=paths.checkpoint("joint", "{method}"),
        captions=paths.CAPTIONS,
        features=paths.FEATURES,
        tokens=paths.TOKENS,
        frequencies=paths.FREQUENCIES,
        reader=result_files.reader(PLAN),
        weights=result_files.judge(PLAN),
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
        judges=result_files.judges_option(PLAN),
        held_out=lambda w: result_files.held_out_option(PLAN, w.method, w.seed),
        settings=job_params.imagining(PLAN),
        code=lambda w: digests.row_reader(PLAN, "imagine", w.method),
    shell:
        "logged {log} python -m gxn.steps.imagine --config $config --checkpoint {input.checkpoint}"
        " --captions {input.captions} --features {input.features} --tokens {input.tokens}"
        " --frequencies {input.frequencies} --method {wildcards.method} --seed {wildcards.seed}"
        " --out-captions {output.captions} --out-drawings {output.drawings} {params.judges}"
        " {params.held_out}"


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
        settings=job_params.reader(PLAN),
        code=digests.step("train_reader"),
    shell:
        "logged {log} python -m gxn.steps.train_reader --config $config --captions {input.captions}"
        " --gan-images {input.gan_images} --out {output}"


rule imagined_lines:
    input:
        captions=paths.CAPTIONS,
        tokens=paths.TOKENS,
        frequencies=paths.FREQUENCIES,
        features=paths.FEATURES,
        gan_images=data_files.gan_images(PLAN),
        reader=result_files.reader(PLAN),
        weights=result_files.judge(PLAN),
    output:
        paths.LINES,
    log:
        paths.log("imagined_lines"),
    resources:
        mem_mb=resources.memory(1000),
    params:
        files=result_files.compared_option(PLAN),
        settings=job_params.lines(PLAN),
        code=digests.step("imagined_lines"),
    shell:
        "logged {log} python -m gxn.steps.imagined_lines --config $config --captions {input.captions}"
        " --tokens {input.tokens} --features {input.features} --frequencies {input.frequencies}"
        " {params.files} --out {output}"


rule evaluation:
    input:
        PLAN.checked("protocols"),
        result_files.reader(PLAN),
        result_files.lines(PLAN),
        PLAN.expand(paths.TUNED_FEATURES, method=PLAN.tuned),
        [PLAN.runs(path) for path in (paths.EMBEDDINGS, paths.RANKS, paths.METRICS)],
        [
            PLAN.expand(path, method=PLAN.imagining)
            for path in (paths.IMAGINED, paths.DRAWINGS)
        ],
    localrule: True
