# The front door: `snakemake --cores 8 results/table_ablation.csv`, `snakemake --cores 8 figures`.
include: "workflow/Snakefile"


# an included file's default target does not count
rule everything:
    default_target: True
    input:
        rules.all.input,
    localrule: True
