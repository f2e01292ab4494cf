# The front door: `snakemake --cores 8 results/table_ablation.csv`, `snakemake --cores 8 figures`.
from snakemake.utils import min_version

min_version("9.20")


configfile: "params.yaml"


report: "workflow/report/workflow.rst"


container: "docker-daemon://gxn:0.1.0"  # used with --sdm apptainer only; see Containerfile


include: "workflow/rules/common.smk"
include: "workflow/rules/downloads.smk"
include: "workflow/rules/data.smk"
include: "workflow/rules/preflight.smk"
include: "workflow/rules/features.smk"
include: "workflow/rules/pretraining.smk"
include: "workflow/rules/joint.smk"
include: "workflow/rules/evaluation.smk"
include: "workflow/rules/finetune.smk"
include: "workflow/rules/paper.smk"


rule all:
    default_target: True
    input:
        rules.paper.input,
    localrule: True
