"""The ids of words: those of the four that every vocabulary begins with, and how many there may be."""

PAD, BOS, EOS, UNK = range(4)
# of an id: so four of them make an n-gram of 64 (gxn.kernels.ngrams)
BITS = 16
SPECIAL = ("<pad>", "<bos>", "<eos>", "<unk>")
