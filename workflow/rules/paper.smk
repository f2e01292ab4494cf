# Tables and figures, from results, and for the grids from captions and thumbnails.
rule table_ablation:
    input:
        metrics=seeds("results/metrics/{dataset}/{method}/seed{seed}.json", method=ROWS),
        code=code("gxn.steps.table"),
    output:
        csv=report(
            "results/table_ablation.csv",
            caption="../report/table_ablation.rst",
            category="Tables",
        ),
        latex="results/table_ablation.tex",
        markdown="results/table_ablation.md",
        spaces=report(
            "results/table_spaces.csv",
            caption="../report/table_spaces.rst",
            category="Tables",
        ),
    log:
        "logs/table_ablation.log",
    resources:
        mem_mb=LIGHT,
    params:
        methods=as_json(ROWS),
    shell:
        "python -m gxn.steps.table --metrics {input.metrics} --methods {params.methods:q}"
        " --csv {output.csv} --latex {output.latex} --markdown {output.markdown}"
        " --alone {output.spaces} &> {log}"


rule table_published:
    input:
        table="results/table_ablation.csv",
        published=local("src/gxn/reporting/published.json"),
        code=code("gxn.steps.table_published"),
    output:
        csv=report(
            "results/table_published.csv",
            caption="../report/table_published.rst",
            category="Tables",
        ),
        markdown="results/table_published.md",
    log:
        "logs/table_published.log",
    resources:
        mem_mb=LIGHT,
    shell:
        "python -m gxn.steps.table_published --table {input.table} --published {input.published}"
        " --csv {output.csv} --markdown {output.markdown} &> {log}"


rule table_imagined:
    input:
        imagined=seeds(
            "results/imagined/{dataset}/{method}/seed{seed}.json", method=IMAGINING
        ),
        code=code("gxn.steps.table_imagined"),
    output:
        report(
            "results/table_imagined.csv",
            caption="../report/table_imagined.rst",
            category="Tables",
        ),
    log:
        "logs/table_imagined.log",
    resources:
        mem_mb=LIGHT,
    params:
        methods=as_json(list(METHODS)),
    shell:
        "python -m gxn.steps.table_imagined --imagined {input.imagined}"
        " --methods {params.methods:q} --csv {output} &> {log}"


rule table_significance:
    input:
        ranks=seeds("results/ranks/{dataset}/{method}/seed{seed}.h5", method=ROWS),
        code=code("gxn.steps.significance"),
    output:
        report(
            "results/table_significance.csv",
            caption="../report/table_significance.rst",
            category="Tables",
        ),
    log:
        "logs/table_significance.log",
    resources:
        mem_mb=500,
    params:
        methods=as_json(ROWS),
        significance=config["significance"],
    shell:
        "python -m gxn.steps.significance --ranks {input.ranks} --methods {params.methods:q}"
        " --control {params.significance[control]:q} --seed {params.significance[seed]}"
        " --resamples {params.significance[resamples]} --csv {output} &> {log}"


rule figure_ablation:
    input:
        metrics=seeds("results/metrics/{dataset}/{method}/seed{seed}.json", method=ROWS),
        code=code("gxn.steps.figure_ablation"),
    output:
        pdf="results/figures/ablation.pdf",
        png=report(
            "results/figures/ablation.png",
            caption="../report/figure_ablation.rst",
            category="Figures",
        ),
    log:
        "logs/figure_ablation.log",
    resources:
        mem_mb=500,
    params:
        methods=as_json(ROWS),
    shell:
        "python -m gxn.steps.figure_ablation --metrics {input.metrics} --methods {params.methods:q}"
        " --pdf {output.pdf} --png {output.png} &> {log}"


rule figure_recall:
    input:
        ranks=seeds("results/ranks/{dataset}/{method}/seed{seed}.h5", method=ROWS),
        code=code("gxn.steps.figure_recall"),
    output:
        pdf="results/figures/recall.pdf",
        png=report(
            "results/figures/recall.png",
            caption="../report/figure_recall.rst",
            category="Figures",
        ),
    log:
        "logs/figure_recall.log",
    resources:
        mem_mb=500,
    params:
        methods=as_json(ROWS),
    shell:
        "python -m gxn.steps.figure_recall --ranks {input.ranks} --methods {params.methods:q}"
        " --pdf {output.pdf} --png {output.png} &> {log}"


rule figure_training:
    input:
        curves=curves,
        code=code("gxn.steps.figure_training"),
    output:
        pdf="results/figures/training.pdf",
        png=report(
            "results/figures/training.png",
            caption="../report/figure_training.rst",
            category="Figures",
        ),
    log:
        "logs/figure_training.log",
    resources:
        mem_mb=500,
    params:
        methods=as_json(ROWS),
    shell:
        "python -m gxn.steps.figure_training --curves {input.curves} --methods {params.methods:q}"
        " --pdf {output.pdf} --png {output.png} &> {log}"


rule figure_i2t:
    input:
        unpack(shown),
        captions=f"data/{DATASET}/captions.json",
        thumbnails=f"data/{DATASET}/thumbnails.h5",
        code=code("gxn.steps.figure_i2t"),
    output:
        pdf="results/figures/i2t.pdf",
        png=report(
            "results/figures/i2t.png",
            caption="../report/figure_i2t.rst",
            category="Figures",
        ),
    log:
        "logs/figure_i2t.log",
    resources:
        mem_mb=memory(500, thumbnails=0),
    params:
        imagined=shown_imagined("json"),
    shell:
        "python -m gxn.steps.figure_i2t --captions {input.captions} --thumbnails {input.thumbnails}"
        " --embeddings {input.embeddings} {params.imagined}"
        " --pdf {output.pdf} --png {output.png} &> {log}"


rule figure_t2i:
    input:
        unpack(shown),
        captions=f"data/{DATASET}/captions.json",
        thumbnails=f"data/{DATASET}/thumbnails.h5",
        code=code("gxn.steps.figure_t2i"),
    output:
        pdf="results/figures/t2i.pdf",
        png=report(
            "results/figures/t2i.png",
            caption="../report/figure_t2i.rst",
            category="Figures",
        ),
    log:
        "logs/figure_t2i.log",
    resources:
        mem_mb=memory(500, thumbnails=0),
    params:
        imagined=shown_imagined("h5"),
    shell:
        "python -m gxn.steps.figure_t2i --captions {input.captions} --thumbnails {input.thumbnails}"
        " --embeddings {input.embeddings} {params.imagined}"
        " --pdf {output.pdf} --png {output.png} &> {log}"


rule figure_framework:
    input:
        code=code("gxn.steps.figure_framework"),
    output:
        pdf="results/figures/framework.pdf",
        png=report(
            "results/figures/framework.png",
            caption="../report/figure_framework.rst",
            category="Figures",
        ),
    log:
        "logs/figure_framework.log",
    resources:
        mem_mb=500,
    shell:
        "python -m gxn.steps.figure_framework --pdf {output.pdf} --png {output.png} &> {log}"


rule figures:
    input:
        expand(
            "results/figures/{name}.{form}",
            name=["ablation", "recall", "training", "i2t", "t2i", "framework"],
            form=["pdf", "png"],
        ),
    localrule: True


rule paper:
    input:
        rules.figures.input,
        expand(
            "results/table_{name}",
            name=[
                "ablation.csv",
                "ablation.tex",
                "ablation.md",
                "spaces.csv",
                "imagined.csv",
                "published.csv",
                "published.md",
                "significance.csv",
            ],
        ),
    localrule: True
