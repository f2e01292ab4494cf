# The fixed CNN's features of every image.
rule train_cnn:
    input:
        preflight="data/{dataset}/preflight/cnn.json",
        code=code("gxn.steps.train_cnn"),
    output:
        weights="results/checkpoints/{dataset}/cnn.safetensors",
        curves="results/curves/{dataset}/cnn.csv",
    log:
        "logs/{dataset}/train_cnn.log",
    benchmark:
        "logs/{dataset}/benchmarks/train_cnn.jsonl"
    threads: config["threads"]
    resources:
        gpu=GPU,
        mem_mb=1200,
    params:
        cnn=section("cnn"),
        threads=config["threads"],
        device=config["device"],
        resume="scratch/{dataset}/cnn",
    shell:
        "python -m gxn.steps.train_cnn --cnn {params.cnn:q} --threads {params.threads}"
        " --device {params.device} --resume {params.resume} --out {output.weights} --curves {output.curves} &> {log}"


rule extract_features:
    input:
        captions="data/{dataset}/captions.json",
        images=rendered,
        weights=WEIGHTS,
        preflight="data/{dataset}/preflight/features.json",
        code=code("gxn.steps.features"),
    output:
        "data/{dataset}/features.h5",
    log:
        "logs/{dataset}/extract_features.log",
    benchmark:
        "logs/{dataset}/benchmarks/extract_features.jsonl"
    threads: config["threads"]
    resources:
        gpu=GPU,
        mem_mb=memory(1500),
    params:
        images=images,
        cnn=CNN,
        features=section("features"),
        threads=config["threads"],
        device=config["device"],
        resume="scratch/{dataset}/features",
    shell:
        "python -m gxn.steps.features --captions {input.captions} --images {params.images:q}"
        " --cnn {params.cnn:q} --weights {input.weights:q} --features {params.features:q}"
        " --device {params.device} --threads {params.threads} --resume {params.resume}"
        " --out {output} &> {log}"


rule features:
    input:
        (
            [*passed("cnn"), WEIGHTS.format(dataset=DATASET), *CNN_CURVES]
            if CNN_CURVES
            else []
        ),
        passed("features"),
        expand("data/{dataset}/features.h5", dataset=DATASET),
    localrule: True
