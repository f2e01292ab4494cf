# Stages that rows share: ranking warm-up, and the generative paths on frozen encoders.
rule warmup:
    input:
        features="data/{dataset}/features.h5",
        tokens="data/{dataset}/tokens.h5",
        preflight="data/{dataset}/preflight/batch.json",
        code=code("gxn.steps.match"),
    output:
        checkpoint="results/checkpoints/{dataset}/warmup/{encoder}/seed{seed}.safetensors",
        curves="results/curves/{dataset}/warmup/{encoder}/seed{seed}.csv",
    log:
        "logs/{dataset}/warmup/{encoder}/seed{seed}.log",
    benchmark:
        "logs/{dataset}/benchmarks/warmup/{encoder}/seed{seed}.jsonl"
    threads: config["threads"]
    resources:
        gpu=GPU,
        mem_mb=memory(NETWORKS),
    params:
        start="",
        model=section("model"),
        encoder=encoder,
        training=section("training"),
        stage=as_json(
            {
                "epochs": config["warmup"]["epochs"],
                "matches": 1,
                "select": False,
                "match": drop(config["warmup"], "epochs")
                | {"negatives": "sum", "decay_epoch": None},
            }
        ),
        threads=config["threads"],
        device=config["device"],
        resume="scratch/{dataset}/warmup/{encoder}/seed{seed}",
    shell:
        training("match")


rule pretrain_captions_xe:
    input:
        features="data/{dataset}/features.h5",
        tokens="data/{dataset}/tokens.h5",
        frequencies="data/{dataset}/document_frequencies.h5",
        warmup="results/checkpoints/{dataset}/warmup/{encoder}/seed{seed}.safetensors",
        code=code("gxn.steps.caption"),
    output:
        checkpoint="results/checkpoints/{dataset}/xe/{encoder}/seed{seed}.safetensors",
        curves="results/curves/{dataset}/xe/{encoder}/seed{seed}.csv",
    log:
        "logs/{dataset}/xe/{encoder}/seed{seed}.log",
    benchmark:
        "logs/{dataset}/benchmarks/xe/{encoder}/seed{seed}.jsonl"
    threads: config["threads"]
    resources:
        gpu=GPU,
        mem_mb=memory(NETWORKS),
    params:
        model=section("model"),
        encoder=encoder,
        training=section("training"),
        stage=as_json(
            {
                "epochs": config["xe"]["epochs"],
                "caption": config["captioning"]
                | drop(config["xe"], "epochs")
                | {"grounding_rate": 0, "gamma": 0, "earlier": 0},
            }
        ),
        threads=config["threads"],
        device=config["device"],
        resume="scratch/{dataset}/xe/{encoder}/seed{seed}",
    shell:
        training("caption", "warmup", "frequencies")


rule pretrain_captions_rl:
    input:
        features="data/{dataset}/features.h5",
        tokens="data/{dataset}/tokens.h5",
        frequencies="data/{dataset}/document_frequencies.h5",
        warmup="results/checkpoints/{dataset}/warmup/{encoder}/seed{seed}.safetensors",
        decoder="results/checkpoints/{dataset}/xe/{encoder}/seed{seed}.safetensors",
        code=code("gxn.steps.caption"),
    output:
        checkpoint="results/checkpoints/{dataset}/rl/{encoder}/seed{seed}.safetensors",
        curves="results/curves/{dataset}/rl/{encoder}/seed{seed}.csv",
    log:
        "logs/{dataset}/rl/{encoder}/seed{seed}.log",
    benchmark:
        "logs/{dataset}/benchmarks/rl/{encoder}/seed{seed}.jsonl"
    threads: config["threads"]
    resources:
        gpu=GPU,
        mem_mb=memory(NETWORKS),
    params:
        model=section("model"),
        encoder=encoder,
        training=section("training"),
        stage=as_json(
            {
                "epochs": config["rl"]["epochs"],
                "caption": config["captioning"]
                | drop(config["rl"], "epochs")
                | {"grounding_rate": 0, "earlier": config["xe"]["epochs"]},
            }
        ),
        threads=config["threads"],
        device=config["device"],
        resume="scratch/{dataset}/rl/{encoder}/seed{seed}",
    shell:
        training("caption", "warmup", "frequencies", "decoder")


rule pretrain_drawing:
    input:
        features="data/{dataset}/features.h5",
        tokens="data/{dataset}/tokens.h5",
        thumbnails="data/{dataset}/thumbnails.h5",
        warmup="results/checkpoints/{dataset}/warmup/{encoder}/seed{seed}.safetensors",
        code=code("gxn.steps.draw"),
    output:
        checkpoint="results/checkpoints/{dataset}/gan/{encoder}/seed{seed}.safetensors",
        curves="results/curves/{dataset}/gan/{encoder}/seed{seed}.csv",
    log:
        "logs/{dataset}/gan/{encoder}/seed{seed}.log",
    benchmark:
        "logs/{dataset}/benchmarks/gan/{encoder}/seed{seed}.jsonl"
    threads: config["threads"]
    resources:
        gpu=GPU,
        mem_mb=memory(NETWORKS),
    params:
        model=section("model"),
        encoder=encoder,
        training=section("training"),
        stage=as_json(
            {
                "epochs": config["gan"]["epochs"],
                "draw": config["drawing"]
                | drop(config["gan"], "epochs")
                | {"grounding_rate": 0},
            }
        ),
        threads=config["threads"],
        device=config["device"],
        resume="scratch/{dataset}/gan/{encoder}/seed{seed}",
    shell:
        training("draw", "warmup", "thumbnails")


rule pretraining:
    input:
        pretrained_by_all,
    localrule: True
