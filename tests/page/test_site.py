"""The pages, parsed: links that lead somewhere, text that is escaped, true items that are marked."""

from dataclasses import replace
from html.parser import HTMLParser
from pathlib import PurePosixPath
from posixpath import join, normpath

import pytest
from pages import IMAGES, MARKUP, made_collection
from PIL import Image

from gxn.page import site as module
from gxn.page.site import INDEX, NotThere, Site

TABLE = "dataset,method,seeds,i2t_r1,i2t_r1_std\nparks,near,1,50,\nparks,far,1,20,\n"


class Page(HTMLParser):
    """Elements of a page with their attributes, its text, and the text inside each element of a class."""

    def __init__(self, content: bytes) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict]] = []
        self.text = ""
        self.feed(content.decode())

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_data(self, data):
        self.text += data

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]

    def links(self):
        named = ("href", "src", "action")
        found = [value for _, each in self.elements for key, value in each.items() if key in named]
        return [each.partition("#")[0] for each in found if not each.startswith(("#", "data:"))]


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Tables and figures."""
    folder = tmp_path_factory.mktemp("results")
    (folder / "table_ablation.csv").write_text(TABLE)
    Image.new("RGB", (30, 20)).save(folder / "recall.png")
    return {
        "table_files": [folder / "table_ablation.csv"],
        "figure_files": [folder / "recall.png"],
    }


@pytest.fixture(scope="module")
def site(files):
    return Site(made_collection(), **files)


def pages(site):
    return [INDEX, *(path for path in site.paths() if path.endswith(".html"))]


def parsed(site, path):
    return Page(site.content(path))


@pytest.mark.parametrize("given", [{}, {"most": 3}, {"live": True}])
def test_every_link_leads_to_a_file_of_the_site(files, given):
    site = Site(made_collection(), **files, **given)
    there = {INDEX, *site.paths()} | ({"search", "look"} if given.get("live") else set())
    for path in pages(site):
        leads = [normpath(join(str(PurePosixPath(path).parent), link)) for link in parsed(site, path).links()]
        assert leads and set(leads) <= there


def test_every_page_can_be_reached_from_the_front_page(site):
    seen, waiting = set(), [INDEX]
    while waiting:
        path = waiting.pop()
        if path in seen or not path.endswith(".html"):
            continue
        seen.add(path)
        waiting += [
            normpath(join(str(PurePosixPath(path).parent), each)) for each in parsed(site, path).links()
        ]
    assert seen == set(pages(site))


def test_links_inside_a_page_lead_to_an_element(site):
    for path in pages(site):
        page = parsed(site, path)
        ids = {each["id"] for _, each in page.elements if "id" in each}
        assert {each["href"][1:] for each in page.all("a") if each["href"].startswith("#")} <= ids


def test_nothing_comes_from_elsewhere_and_no_script_runs(site):
    for path in pages(site):
        content = site.content(path).decode()
        assert "<script" not in content and "://" not in content and " style=" not in content
    assert "url(" not in site.content("pages/style.css").decode()


def test_captions_names_and_labels_are_escaped(site):
    page = parsed(site, f"pages/picture/{99 + IMAGES}.html")
    assert MARKUP in page.text and "Far & <wide>" in page.text and "said 5 <b>" in page.text
    assert {"script", "b", "wide", "i"}.isdisjoint(tag for tag, _ in page.elements)


def test_pictures_are_described_and_load_when_they_are_seen(site):
    images = parsed(site, "pages/picture/100.html").all("img")
    assert {each.get("loading", "") for each in images[1:]} == {"lazy"}
    assert {each["alt"] for each in images} >= {"w0 w0 w0"} and all(each["alt"] for each in images)


def test_a_picture_has_its_captions_ranks_and_what_was_found_and_imagined(site):
    page, rows = parsed(site, "pages/picture/100.html"), site.collection.rows
    ranks = [f"{row.ranks.t2i[caption]:g}" for row in rows for caption in (0, 1)]
    assert [page.text.count(word) > 0 for word in ("w0 w0 w0", "w1 w1 w1", "said 0 <b>", *ranks)] == [
        True
    ] * 7
    # true items: two captions at most of each row, and one picture for each caption and row that finds it
    own = sum(int(found == 0) for row in rows for each in row.best_images[:2] for found in each)
    own += sum(int(found < 2) for row in rows for found in row.best_captions[0])
    assert own and [each.get("class") for each in page.all("li")].count("true") == own
    assert [each.get("class") for each in page.all("span")].count("tag") == own
    assert "../drawn/near/0.webp" in page.links()
    # of its decoder there is a warning, of its generator none
    assert page.text.count("Did not learn") == 1


def test_a_row_has_the_colour_that_it_has_in_figures(site):
    css = site.content("pages/style.css").decode()
    assert ".row-near{--row:#0072B2}" in css and ".row-far{--row:#D55E00}" in css


def test_pictures_are_named_where_there_are_none():
    site = Site(made_collection(pictures=False))
    assert not [path for path in site.paths() if path.startswith("pages/image/")]
    page = parsed(site, "pages/picture/100.html")
    assert "0<i>.png" in page.text and [each["src"] for each in page.all("img")] == ["../drawn/near/0.webp"]
    with pytest.raises(NotThere, match="only features"):
        site.content("pages/image/100.webp")


def test_one_row_has_no_page_of_differences(files):
    site = Site(made_collection(rows=("near",)), **files)
    assert not [path for path in site.paths() if "differences" in path]
    assert "Where rows differ" not in parsed(site, INDEX).text


def test_a_copy_with_fewer_pages_has_those_from_easy_to_hard(files):
    whole, part = Site(made_collection()), Site(made_collection(), most=2)
    assert part.order == [whole.order[0], whole.order[3]]
    assert "a page for each of 2 pictures" in " ".join(parsed(part, INDEX).text.split())


def test_a_row_that_did_not_learn_to_imagine_is_marked_wherever_it_stands(site):
    assert [row.mark for row in site.collection.rows] == [" †", ""]
    for path in (INDEX, "pages/picture/100.html", "pages/tables.html", "pages/differences/near.far.html"):
        page = parsed(site, path)
        assert "Near †" in page.text and "Far & <wide> †" not in page.text
        assert "† Its captions or drawings are not to be trusted." in page.text
    other = replace(site.collection, rows=site.collection.rows[1:])
    assert "†" not in parsed(Site(other), INDEX).text


def test_a_copy_of_many_pictures_is_brief_but_has_all_ranks(files, monkeypatch):
    whole = parsed(Site(made_collection(), **files), "pages/picture/100.html")
    monkeypatch.setattr(module, "WHOLE", 3)
    brief, live = (
        parsed(Site(made_collection(), **files, live=each), "pages/picture/100.html")
        for each in (False, True)
    )
    assert [len(page.all("details")) for page in (whole, brief, live)] == [2, 1, 2]
    strips = [sum(each.get("loading") == "lazy" for each in page.all("img")) for page in (whole, brief, live)]
    assert [count - 1 for count in strips] == [2 * 2 * 5, 2 * 3, 2 * 2 * 5]  # but the drawing
    ranks = [
        f"{row.ranks.t2i[caption]:g}" for row in Site(made_collection()).collection.rows for caption in (0, 1)
    ]
    assert all(rank in brief.text for rank in ranks) and len(brief.all("td")) == len(whole.all("td"))
    rows = Site(made_collection()).collection.rows
    first = [set(row.best_captions[0][:3].tolist()) for row in rows]
    assert [each.get("class") for each in brief.all("span")].count("tag") == sum(
        [len((first[0] | first[1]) & {0, 1}), *(int(0 in row.best_images[0][:3]) for row in rows)]
    )
    assert all(f"{row.label}{row.mark} {place}" in brief.text for row in rows for place in (1, 2, 3))


def test_front_page_says_what_did_not_learn_and_only_a_server_takes_questions(files):
    still, live = (parsed(Site(made_collection(), live=each), INDEX) for each in (False, True))
    assert "nearly all alike" in still.text
    assert [len(each.all("form")) for each in (still, live)] == [0, 2]


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("pages/picture/7.html", "no picture 7"),
        ("pages/pictures-2.html", "no page 2 of pictures: there are 1"),
        ("pages/differences/near.other.html", "no row other: the rows are near, far"),
        ("pages/drawn/far/0.webp", "Row far drew nothing for caption 0"),
        ("pages/figure/other.webp", "no figure other"),
        ("pages/../secret", "no page pages/../secret"),
        ("pages/picture/١٠٠.html", "no page pages/picture"),
        (f"pages/picture/{'9' * 5000}.html", "no page pages/picture"),  # int() refuses so many digits
    ],
)
def test_what_is_not_there_is_said(site, path, reason):
    with pytest.raises(NotThere, match=reason):
        site.content(path)
