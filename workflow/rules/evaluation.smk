# Embeddings of the test split, their ranks and metrics, and what the rows imagine of it.
rule embed:
    input:
        checkpoint="results/checkpoints/{dataset}/joint/{method}/seed{seed}.safetensors",
        features="data/{dataset}/features.h5",
        tokens="data/{dataset}/tokens.h5",
        code=code("gxn.steps.embed"),
    output:
        "results/embeddings/{dataset}/{method}/seed{seed}.h5",
    log:
        "logs/{dataset}/embed/{method}/seed{seed}.log",
    benchmark:
        "logs/{dataset}/benchmarks/embed/{method}/seed{seed}.jsonl"
    threads: config["threads"]
    resources:
        gpu=GPU,
        mem_mb=memory(NETWORKS),
    params:
        threads=config["threads"],
        device=config["device"],
    shell:
        "python -m gxn.steps.embed --checkpoint {input.checkpoint} --features {input.features}"
        " --tokens {input.tokens} --split test --threads {params.threads}"
        " --device {params.device} --out {output} &> {log}"


rule evaluate_run:
    input:
        embeddings="results/embeddings/{dataset}/{method}/seed{seed}.h5",
        preflight="data/{dataset}/preflight/protocols.json",
        code=code("gxn.steps.evaluate"),
    output:
        metrics="results/metrics/{dataset}/{method}/seed{seed}.json",
        ranks="results/ranks/{dataset}/{method}/seed{seed}.h5",
    log:
        "logs/{dataset}/evaluate/{method}/seed{seed}.log",
    benchmark:
        "logs/{dataset}/benchmarks/evaluate/{method}/seed{seed}.jsonl"
    wildcard_constraints:
        method=only(ROWS),
    resources:
        mem_mb=memory(LIGHT),
    params:
        protocols=section("evaluate", "protocols"),
        medr=config["evaluate"]["medr"],
    shell:
        "python -m gxn.steps.evaluate --embeddings {input.embeddings}"
        " --protocols {params.protocols:q} --medr {params.medr} --dataset {wildcards.dataset}"
        " --method {wildcards.method} --seed {wildcards.seed}"
        " --metrics {output.metrics} --ranks {output.ranks} &> {log}"


rule imagine:
    input:
        checkpoint="results/checkpoints/{dataset}/joint/{method}/seed{seed}.safetensors",
        captions="data/{dataset}/captions.json",
        features="data/{dataset}/features.h5",
        tokens="data/{dataset}/tokens.h5",
        frequencies="data/{dataset}/document_frequencies.h5",
        code=code("gxn.steps.imagine"),
    output:
        said="results/imagined/{dataset}/{method}/seed{seed}.json",
        drawn="results/imagined/{dataset}/{method}/seed{seed}.h5",
    log:
        "logs/{dataset}/imagine/{method}/seed{seed}.log",
    benchmark:
        "logs/{dataset}/benchmarks/imagine/{method}/seed{seed}.jsonl"
    wildcard_constraints:
        method=only(IMAGINING),
    threads: config["threads"]
    resources:
        gpu=GPU,
        mem_mb=memory(NETWORKS),
    params:
        longest=config["captioning"]["longest"],
        threads=config["threads"],
        device=config["device"],
    shell:
        "python -m gxn.steps.imagine --checkpoint {input.checkpoint} --captions {input.captions}"
        " --features {input.features} --tokens {input.tokens}"
        " --frequencies {input.frequencies} --dataset {wildcards.dataset}"
        " --method {wildcards.method} --longest {params.longest} --seed {wildcards.seed}"
        " --threads {params.threads} --device {params.device}"
        " --said {output.said} --drawn {output.drawn} &> {log}"


rule evaluation:
    input:
        passed("protocols"),
        seeds("results/features/{dataset}/{method}/seed{seed}.h5", method=TUNED),
        seeds("results/embeddings/{dataset}/{method}/seed{seed}.h5", method=ROWS),
        seeds("results/ranks/{dataset}/{method}/seed{seed}.h5", method=ROWS),
        seeds("results/metrics/{dataset}/{method}/seed{seed}.json", method=ROWS),
        seeds("results/imagined/{dataset}/{method}/seed{seed}.json", method=IMAGINING),
        seeds("results/imagined/{dataset}/{method}/seed{seed}.h5", method=IMAGINING),
    localrule: True
