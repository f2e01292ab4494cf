# Every row of the table: its joint stage, from the stages it shares with others.
rule match_alone:
    input:
        unpack(pretrained),
        features="data/{dataset}/features.h5",
        tokens="data/{dataset}/tokens.h5",
        code=code("gxn.steps.match"),
    output:
        checkpoint="results/checkpoints/{dataset}/joint/{method}/seed{seed}.safetensors",
        curves="results/curves/{dataset}/joint/{method}/seed{seed}.csv",
    log:
        "logs/{dataset}/joint/{method}/seed{seed}.log",
    benchmark:
        "logs/{dataset}/benchmarks/joint/{method}/seed{seed}.jsonl"
    wildcard_constraints:
        method=only(PLAIN),
    threads: config["threads"]
    resources:
        gpu=GPU,
        mem_mb=memory(NETWORKS),
    params:
        **trained("joint/{method}"),
        start=pretrained_arguments,
        stage=joint_stage,
    shell:
        training("match")


rule imagine_and_match:
    input:
        unpack(pretrained),
        features="data/{dataset}/features.h5",
        tokens="data/{dataset}/tokens.h5",
        code=code("gxn.steps.joint"),
    output:
        checkpoint="results/checkpoints/{dataset}/joint/{method}/seed{seed}.safetensors",
        curves="results/curves/{dataset}/joint/{method}/seed{seed}.csv",
    log:
        "logs/{dataset}/joint/{method}/seed{seed}.log",
    benchmark:
        "logs/{dataset}/benchmarks/joint/{method}/seed{seed}.jsonl"
    wildcard_constraints:
        method=only(IMAGINING),
    threads: config["threads"]
    resources:
        gpu=GPU,
        mem_mb=memory(NETWORKS),
    params:
        **trained("joint/{method}"),
        start=pretrained_arguments,
        stage=joint_stage,
    shell:
        training("joint")


rule joint:
    input:
        passed(*["cards"] * bool(TUNED)),
        JOINT,
        FINETUNED,
        seeds(
            "results/checkpoints/{dataset}/finetune/{method}/cnn_seed{seed}.safetensors",
            method=TUNED,
        ),
        curves_of(JOINT + FINETUNED),
    localrule: True
