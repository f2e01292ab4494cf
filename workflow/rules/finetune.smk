# Rows whose CNN is trained too, `{row}_ft`: from a row's joint stage to the embeddings of its test split.
PROCESSES = config["finetune"]["processes"]


rule finetune:
    input:
        checkpoint="results/checkpoints/{dataset}/joint/{method}/seed{seed}.safetensors",
        weights=WEIGHTS,
        captions="data/{dataset}/captions.json",
        images=rendered,
        tokens="data/{dataset}/tokens.h5",
        features="data/{dataset}/features.h5",
        preflight="data/{dataset}/preflight/cards.json",
        code=code("gxn.steps.finetune"),
    output:
        checkpoint="results/checkpoints/{dataset}/finetune/{method}_ft/seed{seed}.safetensors",
        cnn="results/checkpoints/{dataset}/finetune/{method}_ft/cnn_seed{seed}.safetensors",
        curves="results/curves/{dataset}/finetune/{method}_ft/seed{seed}.csv",
    log:
        "logs/{dataset}/finetune/{method}_ft/seed{seed}.log",
    benchmark:
        "logs/{dataset}/benchmarks/finetune/{method}_ft/seed{seed}.jsonl"
    wildcard_constraints:
        method=only(TUNED.values()),
    threads: PROCESSES * config["threads"]
    resources:
        gpu=PROCESSES * GPU,
        mem_mb=memory(2000, PROCESSES, features=0),
    params:
        images=images,
        cnn=CNN,
        features=section("features"),
        training=section("training"),
        stage=finetune_stage,
        launch=launch(PROCESSES),
        threads=config["threads"],
        device=config["device"],
        resume="scratch/{dataset}/finetune/{method}/seed{seed}",
    shell:
        "{params.launch} gxn.steps.finetune --checkpoint {input.checkpoint} --weights {input.weights:q}"
        " --images {params.images:q} --captions {input.captions} --tokens {input.tokens}"
        " --features {input.features} --cnn {params.cnn:q} --features-config {params.features:q}"
        " --training {params.training:q} --stage {params.stage:q} --seed {wildcards.seed}"
        " --threads {params.threads} --device {params.device} --resume {params.resume}"
        " --curves {output.curves} --out-cnn {output.cnn} --out {output.checkpoint} &> {log}"


rule tuned_features:
    input:
        captions="data/{dataset}/captions.json",
        images=rendered,
        weights="results/checkpoints/{dataset}/finetune/{method}_ft/cnn_seed{seed}.safetensors",
        code=code("gxn.steps.features"),
    output:
        "results/features/{dataset}/{method}_ft/seed{seed}.h5",
    log:
        "logs/{dataset}/tuned_features/{method}_ft/seed{seed}.log",
    benchmark:
        "logs/{dataset}/benchmarks/tuned_features/{method}_ft/seed{seed}.jsonl"
    wildcard_constraints:
        method=only(TUNED.values()),
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
        resume="scratch/{dataset}/tuned_features/{method}/seed{seed}",
    shell:
        "python -m gxn.steps.features --captions {input.captions} --images {params.images:q} --split test"
        " --cnn {params.cnn:q} --weights {input.weights:q} --features {params.features:q}"
        " --device {params.device} --threads {params.threads} --resume {params.resume}"
        " --out {output} &> {log}"


use rule embed as embed_tuned with:
    input:
        checkpoint="results/checkpoints/{dataset}/finetune/{method}_ft/seed{seed}.safetensors",
        features="results/features/{dataset}/{method}_ft/seed{seed}.h5",
        tokens="data/{dataset}/tokens.h5",
        code=code("gxn.steps.embed"),
    output:
        "results/embeddings/{dataset}/{method}_ft/seed{seed}.h5",
    log:
        "logs/{dataset}/embed/{method}_ft/seed{seed}.log",
    benchmark:
        "logs/{dataset}/benchmarks/embed/{method}_ft/seed{seed}.jsonl"
    wildcard_constraints:
        method=only(TUNED.values()),
