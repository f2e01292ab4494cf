# Public files, fetched when the configuration names their place under data/raw, as config/coco.yaml does.
# The list of addresses, sizes and sums: src/gxn/datasets/downloads.yaml. No rule here has its code among its
# inputs: what comes out is known by its sum, and no edit of the package should fetch twenty gigabytes again.


rule download:
    output:
        "data/raw/{file}.zip",
    log:
        "logs/raw/{file}.log",
    wildcard_constraints:
        file="caption_datasets|train2014|val2014",
    retries: 2
    localrule: True
    resources:
        mem_mb=resources.LIGHT,
    shell:
        "python -m gxn.steps.download --name {wildcards.file}.zip --parts scratch/download"
        " --out {output} 2>&1 | tee {log}"


rule unpack_captions:
    input:
        archive="data/raw/caption_datasets.zip",
    output:
        "data/raw/dataset_{name}.json",
    log:
        "logs/raw/dataset_{name}.log",
    wildcard_constraints:
        name="coco|flickr30k|flickr8k",
    resources:
        mem_mb=resources.LIGHT,
    shell:
        "logged {log} python -m gxn.steps.unpack --archive {input.archive} --member dataset_{wildcards.name}.json"
        " --out {output}"


rule unpack_coco:
    input:
        archives=["data/raw/train2014.zip", "data/raw/val2014.zip"],
    output:
        directory("data/raw/coco"),
    log:
        "logs/raw/coco.log",
    benchmark:
        "logs/raw/benchmarks/coco.jsonl"
    resources:
        mem_mb=500,
    shell:
        "logged {log} python -m gxn.steps.unpack --archive {input.archives} --out {output}"


rule fetch_weights:
    output:
        "data/raw/{cnn}.safetensors",
    log:
        "logs/raw/{cnn}.log",
    wildcard_constraints:
        cnn="[A-Za-z0-9_]+",
    retries: 2
    localrule: True
    resources:
        mem_mb=2000,
    shell:
        "python -m gxn.steps.fetch_weights --name {wildcards.cnn} --parts scratch/download"
        " --out {output} 2>&1 | tee {log}"
