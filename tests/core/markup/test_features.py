"""What the Markdown of an article can do, and the exact HTML that style sheets and scripts rely on."""

import pytest

from sportello.core.markup import render

FEATURES = {
    "a note": (
        "> [!NOTE]\n> Keep *it*.",
        '<div class="admonition note">\n<p class="admonition-title">Note</p>\n<p>Keep <em>it</em>.</p>\n</div>',
    ),
    "a warning with a title": (
        "> [!WARNING] Before you start\n> Stop.",
        '<div class="admonition warning">\n<p class="admonition-title">Before you start</p>\n<p>Stop.</p>\n</div>',
    ),
    "an unknown note": (
        "> [!ODD]\n> x",
        '<div class="admonition">\n<p class="admonition-title">Odd</p>\n<p>x</p>\n</div>',
    ),
    "tasks": (
        "- [ ] ask\n- [x] answer",
        '<ul class="task-list">\n'
        '<li class="task-list-item"><input type="checkbox" disabled="" aria-label="To do"> ask</li>\n'
        '<li class="task-list-item"><input type="checkbox" disabled="" checked="" aria-label="Done"> answer</li>\n'
        "</ul>",
    ),
    "a footnote": (
        "x[^a]\n\n[^a]: y",
        '<p>x<sup id="u-fnref-a"><a class="footnote-ref" href="#u-fn-a">1</a></sup></p>\n'
        '<div class="footnote">\n<hr>\n<ol>\n<li id="u-fn-a">\n'
        '<p>y&nbsp;<a class="footnote-backref" href="#u-fnref-a" aria-label="Back to the text">↩</a></p>\n'
        "</li>\n</ol>\n</div>",
    ),
    "a definition": ("term\n:   meaning", "<dl>\n<dt>term</dt>\n<dd>meaning</dd>\n</dl>"),
    "code": (
        "```python\nreturn 1\n```",
        '<div class="highlight"><pre tabindex="0"><code><span class="k">return</span> '
        '<span class="mi">1</span>\n</code></pre></div>',
    ),
    "code of an unknown language": (
        "```ledgerspeak\na <b>\n```",
        '<div class="highlight"><pre tabindex="0"><code>a &lt;b&gt;\n</code></pre></div>',
    ),
    "code with options": (
        "``` {.ledgerspeak linenums=1 title=x}\na\n```",
        '<div class="highlight"><pre tabindex="0"><code>a\n</code></pre></div>',
    ),
    "code that is not closed": (
        "a\n```\nb",
        '<p>a</p>\n<div class="highlight"><pre tabindex="0"><code>b\n</code></pre></div>',
    ),
    "a table after a paragraph": (
        "a\n| b |\n|---|\n| c |",
        '<p>a</p>\n<div class="tablewrap" tabindex="0" role="group" aria-label="Table"><table>\n<thead>\n<tr>\n'
        '<th scope="col">b</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n<td>c</td>\n</tr>\n</tbody>\n</table></div>',
    ),
    "a note after code in a list": (
        "1. a\n   ```\n   b\n   ```\n   > [!NOTE]\n   > c\n2. d",
        '<ol>\n<li>\n<p>a</p>\n<div class="highlight"><pre tabindex="0"><code>b\n</code></pre></div>\n'
        '<div class="admonition note">\n<p class="admonition-title">Note</p>\n<p>c</p>\n</div>\n</li>\n'
        "<li>\n<p>d</p>\n</li>\n</ol>",
    ),
    "indented code": ("    a", '<div class="highlight"><pre tabindex="0"><code>a\n</code></pre></div>'),
    "a table without a heading": (
        "| a | b |  |\n|:--|--:|---|\n| 1 | 2 | 3 |",
        '<div class="tablewrap" tabindex="0" role="group" aria-label="Table"><table>\n<thead>\n<tr>\n'
        '<th scope="col" align="left">a</th>\n<th scope="col" align="right">b</th>\n<td></td>\n</tr>\n</thead>\n'
        '<tbody>\n<tr>\n<td align="left">1</td>\n<td align="right">2</td>\n<td>3</td>\n</tr>\n</tbody>\n'
        "</table></div>",
    ),
    "a table under a heading": (
        "# Rules\n\n| a |\n|---|",
        '<h2 id="u-rules">Rules</h2>\n<div class="tablewrap" tabindex="0" role="region" aria-labelledby="u-rules">'
        '<table>\n<thead>\n<tr>\n<th scope="col">a</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n<td></td>\n</tr>\n</tbody>\n'
        "</table></div>",
    ),
    "strikethrough": ("~~old~~ a~b~c", "<p><del>old</del> a~b~c</p>"),
    "a bare address": (
        "see https://a.example/x?y=1&z=2.",
        '<p>see <a href="https://a.example/x?y=1&amp;z=2" rel="noopener nofollow">https://a.example/x?y=1&amp;z=2</a>.</p>',
    ),
    "a link within the site": ("[a](/kb/b?c=d#e) [f](g)", '<p><a href="/kb/b?c=d#e">a</a> <a href="g">f</a></p>'),
    "a link without a protocol": (
        "[a](//b.example)",
        '<p><a href="https://b.example" rel="noopener nofollow">a</a></p>',
    ),
    "a link without a name": (
        "[](https://b.example)",
        '<p><a href="https://b.example" rel="noopener nofollow">https://b.example</a></p>',
    ),
    "an image of the site": ("![a](/media/x/b.png)", '<p><img alt="a" src="/media/x/b.png"></p>'),
    "an image from elsewhere": ("![a plan](https://b.example/c.png)", "<p>a plan</p>"),
    "nested lists, two spaces": (
        "- a\n  - b\n    - c\n- d",
        "<ul>\n<li>a<ul>\n<li>b<ul>\n<li>c</li>\n</ul>\n</li>\n</ul>\n</li>\n<li>d</li>\n</ul>",
    ),
    "nested lists, three spaces": (
        "1) a\n   - b\n2) c",
        "<ol>\n<li>a<ul>\n<li>b</li>\n</ul>\n</li>\n<li>c</li>\n</ol>",
    ),
    "a list after a paragraph": ("a:\n- b\n- c", "<p>a:</p>\n<ul>\n<li>b</li>\n<li>c</li>\n</ul>"),
    "a year is no list": ("It was in\n1999. So it was.", "<p>It was in\n1999. So it was.</p>"),
    "a list that starts at 3": ("3. a\n4. b", '<ol start="3">\n<li>a</li>\n<li>b</li>\n</ol>'),
    "code in a list": (
        "1. a\n   ```\n   b\n     c\n   ```\n2. d",
        '<ol>\n<li>\n<p>a</p>\n<div class="highlight"><pre tabindex="0"><code>b\n  c\n</code></pre></div>\n</li>\n'
        "<li>\n<p>d</p>\n</li>\n</ol>",
    ),
    "a list in a note": (
        "> [!TIP]\n> a\n> 1. b\n>    - c",
        '<div class="admonition tip">\n<p class="admonition-title">Tip</p>\n<p>a</p>\n'
        "<ol>\n<li>b<ul>\n<li>c</li>\n</ul>\n"
        "</li>\n</ol>\n</div>",
    ),
    "details": (
        "<details>\n<summary>More</summary>\n\n- a\n- b\n\n</details>",
        "<details>\n<summary>More</summary>\n<ul>\n<li>a</li>\n<li>b</li>\n</ul>\n</details>",
    ),
    "a number sign": ("#4711 is open", "<p>#4711 is open</p>"),
    "words with underscores": ("file_name_here 2*3*4", "<p>file_name_here 2<em>3</em>4</p>"),
    "an empty heading": ("#\n\na", "<p>#</p>\n<p>a</p>"),
}


@pytest.mark.parametrize("feature", FEATURES)
def test_a_feature_renders_exactly(feature: str) -> None:
    markdown, html = FEATURES[feature]
    assert render(markdown).html == html


def test_its_own_words_are_in_the_readers_language() -> None:
    html = render("> [!WARNING]\n> x[^1]\n\n- [x] y\n\n| a |\n|---|\n| b |\n\n[^1]: z", language="it").html
    assert '<p class="admonition-title">Avviso</p>' in html
    assert 'aria-label="Fatto"' in html
    assert 'aria-label="Tabella"' in html
    assert 'aria-label="Torna al testo"' in html


def test_a_second_table_under_a_heading_is_no_second_region_of_that_name() -> None:
    html = render("# Rules\n\n| a |\n|---|\n| 1 |\n\ntext\n\n| b |\n|---|\n| 2 |").html
    assert html.count('role="region"') == 1
    assert html.count('role="group"') == 1
