# Figures, from results, and for the grids from captions and images.
rule figure_ablation:
    input:
        metrics=METRICS,
    output:
        pdf=paths.figure("ablation", "pdf"),
        png=report(
            paths.figure("ablation", "png"),
            caption="../report/figure.rst",
            category="Figures",
            labels={"title": "Rows of the ablation"},
        ),
    log:
        paths.log("figure_ablation"),
    resources:
        mem_mb=500,
    params:
        rows=job_params.rows(PLAN),
        code=digests.step("figure_ablation"),
    shell:
        "logged {log} python -m gxn.steps.figure_ablation --config $config --metrics {input.metrics}"
        " --pdf {output.pdf} --png {output.png}"


rule figure_recall:
    input:
        ranks=RANKS,
    output:
        pdf=paths.figure("recall", "pdf"),
        png=report(
            paths.figure("recall", "png"),
            caption="../report/figure.rst",
            category="Figures",
            labels={"title": "Recall at K"},
        ),
    log:
        paths.log("figure_recall"),
    resources:
        mem_mb=500,
    params:
        rows=job_params.rows(PLAN),
        control=CONFIG.significance.control,
        code=digests.step("figure_recall"),
    shell:
        "logged {log} python -m gxn.steps.figure_recall --config $config --ranks {input.ranks}"
        " --pdf {output.pdf} --png {output.png}"


rule figure_training:
    input:
        curves=result_files.all_curves(PLAN),
    output:
        pdf=paths.figure("training", "pdf"),
        png=report(
            paths.figure("training", "png"),
            caption="../report/figure.rst",
            category="Figures",
            labels={"title": "Training curves"},
        ),
    log:
        paths.log("figure_training"),
    resources:
        mem_mb=500,
    params:
        rows=job_params.rows(PLAN),
        code=digests.step("figure_training"),
    shell:
        "logged {log} python -m gxn.steps.figure_training --config $config --curves {input.curves}"
        " --pdf {output.pdf} --png {output.png}"


rule figure_i2t:
    input:
        **result_files.grid_files(PLAN),
        captions=paths.CAPTIONS,
        rendered=data_files.rendered(PLAN),
    output:
        pdf=paths.figure("i2t", "pdf"),
        png=report(
            paths.figure("i2t", "png"),
            caption="../report/figure.rst",
            category="Figures",
            labels={"title": "Captions found for images"},
        ),
    log:
        paths.log("figure_i2t"),
    resources:
        mem_mb=resources.memory(500),
    params:
        images=data_files.images_option(PLAN),
        imagined=result_files.grid_option(PLAN, "imagined"),
        code=digests.step("figure_i2t"),
    shell:
        "logged {log} python -m gxn.steps.figure_i2t --captions {input.captions}"
        " {params.images} --embeddings {input.embeddings} {params.imagined}"
        " --pdf {output.pdf} --png {output.png}"


rule figure_t2i:
    input:
        **result_files.grid_files(PLAN),
        captions=paths.CAPTIONS,
        rendered=data_files.rendered(PLAN),
    output:
        pdf=paths.figure("t2i", "pdf"),
        png=report(
            paths.figure("t2i", "png"),
            caption="../report/figure.rst",
            category="Figures",
            labels={"title": "Images found for captions"},
        ),
    log:
        paths.log("figure_t2i"),
    resources:
        mem_mb=resources.memory(500),
    params:
        images=data_files.images_option(PLAN),
        imagined=result_files.grid_option(PLAN, "drawings"),
        code=digests.step("figure_t2i"),
    shell:
        "logged {log} python -m gxn.steps.figure_t2i --captions {input.captions}"
        " {params.images} --embeddings {input.embeddings} {params.imagined}"
        " --pdf {output.pdf} --png {output.png}"


rule figure_framework:
    output:
        pdf=paths.figure("framework", "pdf"),
        png=report(
            paths.figure("framework", "png"),
            caption="../report/figure.rst",
            category="Figures",
            labels={"title": "The method"},
        ),
    log:
        paths.log("figure_framework"),
    resources:
        mem_mb=500,
    params:
        code=digests.step("figure_framework"),
    shell:
        "logged {log} python -m gxn.steps.figure_framework --pdf {output.pdf} --png {output.png}"


rule figures:
    input:
        [
            PLAN.expand(paths.figure(name, form))
            for name in paths.FIGURES
            for form in ("pdf", "png")
        ],
    localrule: True
