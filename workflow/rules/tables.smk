# Tables, from results.
METRICS = PLAN.runs(paths.METRICS)
RANKS = PLAN.runs(paths.RANKS)


rule table_ablation:
    input:
        metrics=METRICS,
    output:
        csv=report(
            paths.table("ablation.csv"),
            caption="../report/table_ablation.rst",
            category="Tables",
            labels={"title": "Ablation"},
        ),
        latex=paths.table("ablation.tex"),
        markdown=paths.table("ablation.md"),
        spaces=report(
            paths.table("spaces.csv"),
            caption="../report/table_spaces.rst",
            category="Tables",
            labels={"title": "Each space alone"},
        ),
    log:
        paths.log("table_ablation"),
    resources:
        mem_mb=resources.LIGHT,
    params:
        rows=job_params.rows(PLAN),
        code=digests.step("table_ablation"),
    shell:
        "logged {log} python -m gxn.steps.table_ablation --config $config --metrics {input.metrics}"
        " --csv {output.csv} --latex {output.latex} --markdown {output.markdown} --spaces {output.spaces}"


rule table_published:
    input:
        table=paths.table("ablation.csv"),
        published=local(PUBLISHED),
    output:
        csv=report(
            paths.table("published.csv"),
            caption="../report/table_published.rst",
            category="Tables",
            labels={"title": "Published numbers"},
        ),
        markdown=paths.table("published.md"),
    log:
        paths.log("table_published"),
    resources:
        mem_mb=resources.LIGHT,
    params:
        rows=job_params.rows(PLAN),
        features=job_params.feature_source(PLAN),
        code=digests.step("table_published"),
    shell:
        "logged {log} python -m gxn.steps.table_published --config $config --table {input.table}"
        " --published {input.published} --csv {output.csv} --markdown {output.markdown}"


rule table_imagined:
    input:
        imagined=PLAN.expand(paths.IMAGINED, method=PLAN.imagining),
        lines=result_files.lines(PLAN),
    output:
        report(
            paths.table("imagined.csv"),
            caption="../report/table_imagined.rst",
            category="Tables",
            labels={"title": "Captions and drawings"},
        ),
    log:
        paths.log("table_imagined"),
    resources:
        mem_mb=resources.LIGHT,
    params:
        lines=result_files.lines_option(PLAN),
        rows=job_params.rows(PLAN),
        code=digests.step("table_imagined"),
    shell:
        "logged {log} python -m gxn.steps.table_imagined --config $config"
        " --imagined {input.imagined} {params.lines} --csv {output}"


rule table_significance:
    input:
        ranks=RANKS,
    output:
        report(
            paths.table("significance.csv"),
            caption="../report/table_significance.rst",
            category="Tables",
            labels={"title": "Differences from the control"},
        ),
    log:
        paths.log("table_significance"),
    resources:
        mem_mb=500,
    params:
        rows=job_params.rows(PLAN),
        settings=digests.as_json(CONFIG.significance),
        code=digests.step("table_significance"),
    shell:
        "logged {log} python -m gxn.steps.table_significance --config $config"
        " --ranks {input.ranks} --csv {output}"


# Its columns of time are not the same twice, so no other file is made of it.
rule table_costs:
    input:
        metrics=METRICS,
    output:
        report(
            paths.table("costs.csv"),
            caption="../report/table_costs.rst",
            category="Tables",
            labels={"title": "Costs of the rows"},
        ),
    log:
        paths.log("table_costs"),
    resources:
        mem_mb=resources.LIGHT,
    params:
        logs=job_params.cost_logs(PLAN),
        rows=job_params.rows(PLAN),
        code=digests.step("table_costs"),
    shell:
        "logged {log} python -m gxn.steps.table_costs --config $config --metrics {input.metrics}"
        " --logs {params.logs:q} --csv {output}"


# The rows of all datasets that the paper shows.
rule table_datasets:
    input:
        tables=result_files.dataset_tables(PLAN),
    output:
        csv="results/table_ablation.csv",
        latex="results/table_ablation.tex",
        markdown="results/table_ablation.md",
    log:
        "logs/table_datasets.log",
    localrule: True
    resources:
        mem_mb=resources.LIGHT,
    params:
        rows=job_params.rows(PLAN),
        code=digests.step("table_datasets"),
    shell:
        "logged {log} python -m gxn.steps.table_datasets --config $config --tables {input.tables}"
        " --csv {output.csv} --latex {output.latex} --markdown {output.markdown}"


rule tables:
    input:
        rules.table_datasets.output,
        [PLAN.expand(paths.table(name)) for name in paths.TABLES],
    localrule: True
