# Captioned images into the files that every later step reads.
if config["dataset"]["source"] == "scenes":

    rule make_scenes:
        input:
            code=code("gxn.steps.make_scenes"),
        output:
            captions="data/{dataset}/captions.json",
            images="data/{dataset}/images.h5",
        log:
            "logs/{dataset}/make_scenes.log",
        benchmark:
            "logs/{dataset}/benchmarks/make_scenes.jsonl"
        resources:
            mem_mb=400,
        params:
            scenes=section("scenes"),
        shell:
            "python -m gxn.steps.make_scenes --scenes {params.scenes:q}"
            " --captions {output.captions} --images {output.images} &> {log}"

else:

    # `ancient`, since `prepared` knows when it is to be made again
    rule prepare:
        input:
            captions=ancient(config["dataset"]["captions"]),
            images=fetched(config["dataset"]["images"]),
            code=code("gxn.steps.prepare"),
        output:
            temp(f"scratch/{{dataset}}/prepared-{prepared_by()}.json"),
        log:
            "logs/{dataset}/prepare.log",
        benchmark:
            "logs/{dataset}/benchmarks/prepare.jsonl"
        resources:
            mem_mb=memory(500, captions=20),
        params:
            images=config["dataset"]["images"],
            expect=section("dataset", "expect"),
            truncated=config["dataset"]["truncated"],
        shell:
            "python -m gxn.steps.prepare --captions {input.captions:q} --images {params.images:q}"
            " --name {wildcards.dataset} --expect {params.expect:q} --truncated {params.truncated}"
            " --out {output} &> {log}"

    # A job of its own, for the reason of the rule `passed`.
    rule prepared:
        input:
            captions=config["dataset"]["captions"],
            images=fetched(config["dataset"]["images"]),
            code=code("gxn.steps.prepare"),
            found=rules.prepare.output,
        output:
            "data/{dataset}/captions.json",
        log:
            "logs/{dataset}/prepared.log",
        localrule: True
        resources:
            mem_mb=10,
        shell:
            "cp {input.found} {output} &> {log}"


rule tokenize:
    input:
        captions="data/{dataset}/captions.json",
        preflight="data/{dataset}/preflight/vocabulary.json",
        code=code("gxn.steps.tokenize"),
    output:
        vocabulary="data/{dataset}/vocabulary.json",
        tokens="data/{dataset}/tokens.h5",
    log:
        "logs/{dataset}/tokenize.log",
    benchmark:
        "logs/{dataset}/benchmarks/tokenize.jsonl"
    resources:
        mem_mb=memory(LIGHT),
    params:
        vocabulary=section("vocabulary"),
    shell:
        "python -m gxn.steps.tokenize --captions {input.captions}"
        " --vocabulary-config {params.vocabulary:q}"
        " --vocabulary {output.vocabulary} --tokens {output.tokens} &> {log}"


rule document_frequencies:
    input:
        tokens="data/{dataset}/tokens.h5",
        code=code("gxn.steps.document_frequencies"),
    output:
        "data/{dataset}/document_frequencies.h5",
    log:
        "logs/{dataset}/document_frequencies.log",
    resources:
        mem_mb=memory(LIGHT),
    shell:
        "python -m gxn.steps.document_frequencies --tokens {input.tokens} --out {output} &> {log}"


rule thumbnails:
    input:
        captions="data/{dataset}/captions.json",
        images=rendered,
        code=code("gxn.steps.thumbnails"),
    output:
        "data/{dataset}/thumbnails.h5",
    log:
        "logs/{dataset}/thumbnails.log",
    benchmark:
        "logs/{dataset}/benchmarks/thumbnails.jsonl"
    resources:
        mem_mb=memory(500),
    params:
        images=images,
        size=config["dataset"]["thumbnail"],
    shell:
        "python -m gxn.steps.thumbnails --captions {input.captions} --images {params.images:q}"
        " --size {params.size} --out {output} &> {log}"


rule data:
    input:
        rendered(SimpleNamespace(dataset=DATASET)),
        passed("vocabulary"),
        expand("data/{dataset}/captions.json", dataset=DATASET),
        expand("data/{dataset}/vocabulary.json", dataset=DATASET),
        expand("data/{dataset}/tokens.h5", dataset=DATASET),
        expand("data/{dataset}/document_frequencies.h5", dataset=DATASET),
        expand("data/{dataset}/thumbnails.h5", dataset=DATASET),
    localrule: True
