"""The list of public files is whole."""

import pytest

from gxn.datasets.downloads import show_terms, source, weights_size, weights_source, where_to_ask
from gxn.errors import GxnError

COCO = ("caption_datasets.zip", "train2014.zip", "val2014.zip")


@pytest.mark.parametrize("name", COCO)
def test_a_file_has_its_size_its_sum_and_mirrors(name):
    listed = source(name)
    assert listed.bytes > 1e7 and len(listed.sha256) == 64 and len(listed.urls) > 1


@pytest.mark.parametrize("name", COCO)
def test_its_terms_are_shown(name, capsys):
    terms = source(name).terms
    show_terms(terms)
    assert capsys.readouterr().out.startswith(f"Terms ({terms}): ")


def test_a_file_that_is_not_listed_is_refused_with_a_near_one():
    with pytest.raises(GxnError, match=r"files: has no 'train2015\.zip'; did you mean 'train2014\.zip'\?$"):
        source("train2015.zip")


@pytest.mark.parametrize("dataset", ["flickr8k", "flickr30k"])
def test_one_is_told_where_to_ask_for_photographs(dataset):
    assert where_to_ask(dataset).startswith("; ask for ") and "https://" in where_to_ask(dataset)


@pytest.mark.parametrize("dataset", ["coco", "mine"])
def test_others_need_not_be_asked_for(dataset):
    assert where_to_ask(dataset) == ""


@pytest.mark.parametrize(("cnn", "sha256"), [("vgg19", "dcbb9e9d"), ("resnet152", "394f9c45")])
def test_weights_of_the_papers_networks_are_listed(cnn, sha256):
    assert weights_source(cnn).sha256 == sha256 and weights_size(cnn) > 1e8


@pytest.mark.parametrize("cnn", ["vgg20", "plain"])
def test_a_network_without_weights_is_refused(cnn):
    with pytest.raises(
        GxnError, match=rf"^cnn\.name: torchvision has no ImageNet weights \(V1\) for '{cnn}'$"
    ):
        weights_source(cnn)
