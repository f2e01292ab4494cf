# Pages to look at: what the first run of each row finds and imagines. They are not versioned, since they are made again
# from what is.
rule explore_pages:
    input:
        **result_files.explored(PLAN),
        captions=paths.CAPTIONS,
        rendered=data_files.rendered(PLAN),
        tables=[paths.table(name) for name in paths.TABLES if name.endswith(".csv")],
        figures=[paths.figure(name, "png") for name in paths.FIGURES],
        templates=[local(path) for path in TEMPLATES],
    output:
        index=paths.EXPLORE,
        pages=directory(paths.EXPLORE_PAGES),
    log:
        paths.log("explore"),
    resources:
        mem_mb=resources.memory(1500),
    params:
        images=data_files.images_option(PLAN),
        folder=subpath(output.index, parent=True),
        rows=job_params.rows(PLAN),
        code=digests.step("explore"),
    shell:
        "logged {log} python -m gxn.steps.explore --config $config --captions {input.captions} {params.images}"
        " --embeddings {input.embeddings} --imagined {input.imagined} --drawings {input.drawings}"
        " --tables {input.tables} --figures {input.figures} --out {params.folder}"


rule explore:
    input:
        PLAN.expand(paths.EXPLORE),
    localrule: True
