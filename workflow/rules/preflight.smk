# What a job would refuse, and lose its finished outputs over since Snakemake removes them as it starts, is refused
# before: a CNN, a crop, a word frequency, a batch or a protocol that does not suit the data, or too few cards.
rule preflight:
    input:
        unpack(old_files),
    output:
        temp("scratch/{dataset}/preflight/{check}-{settings}.json"),
    log:
        "logs/{dataset}/preflight/{check}-{settings}.log",
    benchmark:
        "logs/{dataset}/benchmarks/preflight/{check}-{settings}.jsonl"
    threads: config["threads"]
    resources:
        gpu=lambda wildcards: GPU * CARDS.get(wildcards.check, 0),
        mem_mb=memory(1500, tokens=2),
    params:
        arguments=arguments,
    shell:
        "python -m gxn.steps.preflight {wildcards.check} {params.arguments:q} --out {output} &> {log}"


# A job of its own, which runs after a check that passed: what a refused one wrote before is gone, and were that
# what others wait for, they would be made again once the setting is as it was. Code is no input, as an edit of
# the checks is no reason to make features again.
rule passed:
    input:
        unpack(checked_files),
        found=check_of,
    output:
        "data/{dataset}/preflight/{check}.json",
    log:
        "logs/{dataset}/passed/{check}.log",
    localrule: True
    resources:
        mem_mb=10,
    shell:
        "cp {input.found} {output} &> {log}"
