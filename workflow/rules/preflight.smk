# What a job would refuse, and lose its finished outputs over since Snakemake removes them as it starts, is refused
# before: a CNN, a crop, a word count, a batch or a protocol that does not suit the data, or too few cards.
CHECK_CARDS = {"cnn": 1, "features": 1, "cards": CONFIG.finetune.processes}


rule preflight:
    input:
        # `ancient`, since `passed` knows when a check is to be done again
        unpack(
            lambda w: {k: ancient(v) for k, v in checks.inputs(PLAN, w.check).items()}
        ),
    output:
        temp("scratch/{dataset}/preflight/{check}-{settings}.json"),
    log:
        "logs/{dataset}/preflight/{check}-{settings}.log",
    benchmark:
        "logs/{dataset}/benchmarks/preflight/{check}-{settings}.jsonl"
    threads: CONFIG.threads
    resources:
        gpu=lambda wildcards: CARDS * CHECK_CARDS.get(wildcards.check, 0),
        mem_mb=resources.memory(1500, tokens=2),
    params:
        files=lambda w: checks.options(PLAN, w.check),
    shell:
        "logged {log} python -m gxn.steps.preflight --check {wildcards.check} --config $config"
        " {params.files} --out {output}"


# A job of its own, which runs after a check that passed: what a refused one wrote before is gone, and were that
# what others wait for, they would be made again once the setting is as it was. Code is no input, as an edit of
# the checks is no reason to make features again.
rule passed:
    input:
        unpack(lambda w: checks.inputs(PLAN, w.check)),
        result=lambda w: checks.result(PLAN, w.check),
    output:
        paths.CHECKED,
    log:
        "logs/{dataset}/passed/{check}.log",
    localrule: True
    resources:
        mem_mb=10,
    shell:
        "logged {log} cp {input.result} {output}"
