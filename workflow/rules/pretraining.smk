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
        **trained("warmup/{encoder}"),
        start="",
        stage=as_json(sections.warmup_stage(config)),
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
        **trained("xe/{encoder}"),
        stage=as_json(sections.xe_stage(config)),
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
        **trained("rl/{encoder}"),
        stage=as_json(sections.rl_stage(config)),
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
        **trained("gan/{encoder}"),
        stage=as_json(sections.gan_stage(config)),
    shell:
        training("draw", "warmup", "thumbnails")


rule pretraining:
    input:
        passed("batch"),
        pretrained_by_all,
        pretraining_curves,
    localrule: True
