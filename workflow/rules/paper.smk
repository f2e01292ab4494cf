# Tables and figures, from result files only.
rule table_ablation:
    input:
        metrics=seeds(
            "results/metrics/{dataset}/{method}/seed{seed}.json", method=METHODS
        ),
        code=code("gxn.steps.table"),
    output:
        csv=report(
            "results/table_ablation.csv",
            caption="../report/table_ablation.rst",
            category="Tables",
        ),
        latex="results/table_ablation.tex",
        markdown="results/table_ablation.md",
    log:
        "logs/table_ablation.log",
    params:
        methods=json.dumps(list(METHODS)),
    shell:
        "python -m gxn.steps.table --metrics {input.metrics} --methods {params.methods:q}"
        " --csv {output.csv} --latex {output.latex} --markdown {output.markdown} &> {log}"


rule paper:
    input:
        "results/table_ablation.csv",
    localrule: True
