# The paper, from the records under study/ alone: nothing here trains, or reads what a run of the configuration wrote.
RECORDS = records.about()


rule study_tables:
    input:
        lambda w: records.files(w.study),
        about="study/{study}/about.json",
    output:
        ablation="results/paper/{study}/table_ablation.csv",
        spaces="results/paper/{study}/table_spaces.csv",
        imagined="results/paper/{study}/table_imagined.csv",
    log:
        "logs/paper/{study}/tables.log",
    wildcard_constraints:
        study=plan.only(RECORDS),
    resources:
        mem_mb=500,
    params:
        code=digests.step("study_tables"),
    shell:
        "logged {log} python -m gxn.steps.study_tables --study {input.about}"
        " --ablation {output.ablation} --spaces {output.spaces} --imagined {output.imagined}"


rule study_figures:
    input:
        lambda w: records.files(w.study),
        about="study/{study}/about.json",
    output:
        recall="results/paper/{study}/recall.pdf",
        training="results/paper/{study}/training.pdf",
        imagined="results/paper/{study}/imagined.pdf",
    log:
        "logs/paper/{study}/figures.log",
    wildcard_constraints:
        study=plan.only(RECORDS),
    resources:
        mem_mb=700,
    params:
        code=digests.step("study_figures"),
    shell:
        "logged {log} python -m gxn.steps.study_figures --study {input.about}"
        " --recall {output.recall} --training {output.training} --imagined {output.imagined}"


rule table_answers:
    input:
        records.runs(),
        expand("study/{study}/config.yaml", study=RECORDS),
        questions=local(records.QUESTIONS),
        studies=list(RECORDS.values()),
    output:
        answers="results/paper/table_answers.csv",
        differences="results/paper/table_differences.csv",
        power="results/paper/table_power.csv",
        hours="results/paper/table_hours.csv",
        facts="results/paper/facts.json",
    log:
        "logs/paper/table_answers.log",
    resources:
        mem_mb=1000,
    params:
        code=digests.step("table_answers"),
    shell:
        "logged {log} python -m gxn.steps.table_answers --questions {input.questions} --studies {input.studies}"
        " --answers {output.answers} --differences {output.differences} --power {output.power}"
        " --hours {output.hours} --facts {output.facts}"


rule figure_effects:
    input:
        studies=[RECORDS[name] for name in records.shown()],
        questions=local(records.QUESTIONS),
        answers=rules.table_answers.output.answers,
        differences=rules.table_answers.output.differences,
    output:
        effects="results/paper/effects.pdf",
        dose="results/paper/dose.pdf",
        size="results/paper/size.pdf",
    log:
        "logs/paper/figure_effects.log",
    resources:
        mem_mb=500,
    params:
        code=digests.step("figure_effects"),
    shell:
        "logged {log} python -m gxn.steps.figure_effects --studies {input.studies} --questions {input.questions}"
        " --answers {input.answers} --differences {input.differences} --effects {output.effects} --dose {output.dose} --size {output.size}"


rule paper_framework:
    output:
        pdf="results/paper/framework.pdf",
        png="results/paper/framework.png",
    log:
        "logs/paper/framework.log",
    resources:
        mem_mb=500,
    params:
        code=digests.step("figure_framework"),
    shell:
        "logged {log} python -m gxn.steps.figure_framework --pdf {output.pdf} --png {output.png}"


rule paper:
    input:
        rules.table_answers.output,
        rules.figure_effects.output,
        rules.paper_framework.output.pdf,
        expand(rules.study_tables.output, study=RECORDS),
        expand(rules.study_figures.output, study=records.shown()),
        records.grids(),
        published=local(PUBLISHED),
        settings="study/scenes/config.yaml",
        parts=local(records.parts()),
        text=local("paper/paper.typ"),
    output:
        pdf="results/paper.pdf",
        html="results/paper.html",
    log:
        "logs/paper/paper.log",
    resources:
        mem_mb=500,
    params:
        code=digests.step("paper"),
    shell:
        "logged {log} python -m gxn.steps.paper --text {input.text}"
        " --pdf {output.pdf} --html {output.html}"


# Trains every study anew, each by a Snakemake of its own, as a study is a configuration; then records it.
rule study:
    log:
        "logs/study.log",
    localrule: True
    params:
        cores=lambda wildcards: workflow.cores,  # asked for here alone: a run on a cluster has none
    shell:
        "python workflow/study.py train --cores {params.cores} --nolock 2>&1 | tee {log}"
