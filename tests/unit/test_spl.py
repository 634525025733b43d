"""The lab's interpreter of SPL, rule by rule, on rows of our own; what no source settles is an error.

`test_spl_examples.py` holds it to documented examples, where these are at hand.
"""

from __future__ import annotations

from typing import Any, ClassVar, Dict, List

import pytest

from tests.lab.spl import MemoryTable, SplError, UnknownCommandError, UnsettledError, run

Rows = List[Dict[str, Any]]
DAY: Dict[str, Any] = {"now": 1_715_780_730, "earliest": 1_715_731_200, "latest": 1_715_817_600}
PLACES: Rows = [{"id": "1", "loc": "north"}, {"id": "2"}, {"id": "3", "loc": "south"}]
NUMBERS: Rows = [{"n": "2"}, {"n": "10"}, {"n": "x"}, {}]

KEPT = [
    ("search", "| search loc!=north", PLACES, "3"),
    ("search of nothing", "| search NOT loc=*", PLACES, "2"),
    ("search, OR before AND", "| search id=1 OR id=3 loc=s*", PLACES, "3"),
    ("search IN", "| search NOT id IN (1, 2*)", PLACES, "3"),
    ("search of a network", '| search id="2001:db8::/32"', [{"id": "2001:db8::1"}, {"id": "10.0.0.1"}], "2001:db8::1"),
    ("search of a fraction", "| search id=1/2", [{"id": "1/2"}, {"id": "1"}], "1/2"),
    ("search in any case", "| search loc=NORTH", PLACES, "1"),
    ("search of a phrase", '| search "no route" NOT slow', [{"id": "1", "_raw": "no route"}, {"id": "2"}], "1"),
    ("search of escapes", r'| search loc="a\"b\\c\d"', [{"id": "1", "loc": 'a"b\\c\\d'}], "1"),
    ("where", '| where loc!="north"', PLACES, "3"),
    ("where, AND before OR", '| where id=1 OR id=3 AND loc="x"', PLACES, "1"),
    ("where of null in an OR", '| where loc="x" OR id=2', PLACES, "2"),
    ("where of a guarded NOT", '| where NOT coalesce(loc, "")="north"', PLACES, "23"),
    ("where NOT of what is false whatever null is", '| where NOT (loc="x" AND id=9)', PLACES, "123"),
    ("where of a subsearch", "| where id=[| makeresults | eval x=2 | return $x]", PLACES, "2"),
    ("where in", '| where in(loc, "nor*", "south")', PLACES, "3"),
    ("regex", '| regex loc="^n"', PLACES[:1], "1"),
    ("head of a condition", "| head (id<2)", PLACES, "1"),
    ("dedup", "| dedup loc", [*PLACES, {"id": "4", "loc": "north"}], "13"),
    ("dedup keepempty", "| dedup loc keepempty=t", PLACES, "123"),
    ("dedup sortby", "| dedup loc sortby -id", [*PLACES[:1], {"id": "4", "loc": "north"}], "4"),
    ("sort", "| sort - loc", PLACES, "312"),
    ("sort of numbers", "| sort id", [{"id": "10"}, {"id": "9"}, {"id": "B"}, {"id": "a"}], "910Ba"),
    ("sort of addresses", "| sort id", [{"id": "10.0.0.10"}, {"id": "10.0.0.9"}], "10.0.0.910.0.0.10"),
    ("sort reversed", "| sort id desc", PLACES, "321"),
    ("tail", "| tail 2", PLACES, "32"),
    ("reverse", "| reverse", PLACES, "321"),
    ("a comment", "| search id=1 ```or all of them```", PLACES, "1"),
]


@pytest.mark.parametrize(("spl", "rows", "ids"), [case[1:] for case in KEPT], ids=[case[0] for case in KEPT])
def test_rows_are_kept_in_order(spl: str, rows: Rows, ids: str) -> None:
    """Those that the search means."""
    assert "".join(row["id"] for row in run(spl, rows=rows)) == ids  # type: ignore[misc] # single values


VALUES = [
    ("if(a>1, b, c)", {"a": "2", "b": "x"}, "x"),
    ("if(z=1, 1, 2)", {}, "2"),
    ('case(a=1, "x", true(), "y")', {"a": "2"}, "y"),
    ('case(a=1, "x")', {"a": "2"}, None),
    ('validate(isint(a), "no", a<5, "big")', {"a": "9"}, "big"),
    ("coalesce(x, y)", {"y": ""}, ""),
    ("nullif(a, 1)", {"a": "1.0"}, None),
    ("a.b", {"a": "007", "b": "1.0"}, "0071.0"),
    ("a+b", {"a": "1", "b": "x"}, None),
    ("7%4*2-1/2", {}, "5.5"),
    ("-a", {"a": "3"}, "-3"),
    ('like("abc", "a%")', {}, "True"),
    ("tostring(1==1)", {}, "True"),
    ('tostring(90061, "duration")', {}, "1+01:01:01"),
    ('tostring(1234567, "commas")', {}, "1,234,567"),
    ("round(2.5)", {}, "3"),
    ("round(-2.45, 1)", {}, "-2.5"),
    ("round(a, 4)", {"a": "0.805"}, "0.8050"),
    ("sigfig(1.00*1111)", {}, "1110"),
    ("log(8, 2)", {}, "3"),
    ('max(1, "b", "a")', {}, "b"),
    ('tonumber("a4", 16)', {}, "164"),
    ("tonumber(a)", {"a": "1,000"}, None),
    ('substr("string", -3, 2)', {}, "in"),
    ('replace("a1b2", "([a-z])(\\d)", "\\2\\1")', {}, "1a2b"),
    ("upper(m)", {"m": ["a", "b"]}, ["A", "B"]),
    ('trim("\t a ")', {}, "a"),
    ("len(a)", {"a": "añb"}, "3"),
    ('urldecode("a%20b")', {}, "a b"),
    ('md5("x")', {}, "9dd4e461268c8034f5c8564e155c67a6"),
    ("mvindex(m, -1)", {"m": ["1", "2"]}, "2"),
    ("mvindex(m, 1, 5)", {"m": ["1", "2"]}, None),
    ("mvcount(m)", {}, None),
    ('mvfilter(match(m, "^a"))', {"m": ["ab", "b", "a"]}, ["ab", "a"]),
    ("mvmap(m, m.t)", {"m": ["1", "2"], "t": "x"}, ["1x", "2x"]),
    ('mvfind(m, "z")', {"m": ["a", "b"]}, None),
    ("mvrange(1, 4)", {}, ["1", "2", "3"]),
    ('mvzip(m, split("c,d", ","), "-")', {"m": ["a", "b"]}, ["a-c", "b-d"]),
    ("mvsort(mvdedup(m))", {"m": ["b", "10", "9", "b"]}, ["10", "9", "b"]),
    ('json_extract(j, "a{}.b")', {"j": '{"a":[{"b":1},{"b":2}]}'}, "[1,2]"),
    ('json_object("n", 1, "t", "x", "o", json_array(1, "a"))', {}, '{"n":1,"t":"x","o":[1,"a"]}'),
    ('spath(j, "a.b")', {"j": '{"a":{"b":true}}'}, "true"),
    ('relative_time(now(), "-1mon@mon+2h")', {}, "1711936800"),
    ('relative_time(now(), "@q")', {}, "1711929600"),
    ('strftime(0.123, "%Y-%m-%d %H:%M:%S.%3N")', {}, "1970-01-01 00:00:00.123"),
    ('strptime("15/May/2024", "%d/%b/%Y")', {}, "1715731200.000000"),
    ("'a b'+1", {"a b": "1"}, "2"),
    ("typeof(m)", {"m": ["a", "b"]}, "Multivalue"),
    ('cidrmatch("10.0.0.0/8", a)', {"a": "no address"}, "False"),
]


@pytest.mark.parametrize(("expression", "row", "value"), VALUES, ids=[case[0] for case in VALUES])
def test_an_expression_gives_a_value_or_null(expression: str, row: Dict[str, Any], value: object) -> None:
    """And null takes the field away, whatever it held before."""
    if value in {"True", "False"} if isinstance(value, str) else False:
        expression = f"tostring({expression})"
    (made,) = run(f"| eval r={expression}", rows=[{**row, "r": "old"}], now=DAY["now"])
    assert made.get("r") == value


TABLES = [
    ("| stats count sum(n) AS s dc(n)", NUMBERS, [{"count": "4", "s": "12", "dc(n)": "3"}]),
    ("| stats count(eval(n>5)) AS c", NUMBERS[:2], [{"c": "1"}]),
    ("| stats values(n) AS v list(n) AS l", NUMBERS, [{"v": ["10", "2", "x"], "l": ["2", "10", "x"]}]),
    ("| stats count BY n", NUMBERS, [{"n": "2", "count": "1"}, {"n": "10", "count": "1"}, {"n": "x", "count": "1"}]),
    ("| stats count BY n", [], []),
    ("| stats count", [], [{"count": "0"}]),
    ("| stats dedup_splitvals=t count BY m", [{"m": ["a", "a"]}], [{"m": "a", "count": "1"}]),
    ("| stats max(*_t) AS *_max", [{"a_t": "1", "b_t": "7"}, {"a_t": "3"}], [{"a_max": "3", "b_max": "7"}]),
    ("| eventstats sum(n) AS s BY g", [{"g": "a", "n": "1"}, {"n": "2"}], [{"g": "a", "n": "1", "s": "1"}, {"n": "2"}]),
    (
        "| streamstats window=2 sum(n) AS s BY g",
        [{"g": "a", "n": "1"}, {"g": "b", "n": "2"}, {"g": "a", "n": "4"}],
        [{"g": "a", "n": "1", "s": "1"}, {"g": "b", "n": "2", "s": "2"}, {"g": "a", "n": "4", "s": "4"}],
    ),
    ("| streamstats current=f count", [{}, {}], [{"count": "0"}, {"count": "1"}]),
    ("| top limit=1 g", [{"g": "a"}, {"g": "b"}, {"g": "b"}, {}], [{"g": "b", "count": "2", "percent": "66.666667"}]),
    ("| rare showperc=f g", [{"g": "a"}, {"g": "b"}, {"g": "b"}], [{"g": "a", "count": "1"}, {"g": "b", "count": "2"}]),
    (
        "| chart sum(n) OVER g BY h",
        [{"g": "a", "h": "x", "n": "1"}, {"g": "b", "h": "y", "n": "2"}, {"g": "b", "n": "3"}],
        [{"g": "a", "x": "1"}, {"g": "b", "y": "2", "NULL": "3"}],
    ),
    ("| bin span=5 n", NUMBERS[:2], [{"n": "0-5"}, {"n": "10-15"}]),
    ("| bucket _time span=15m AS t", [{"_time": "1000"}], [{"_time": "1000", "t": "900"}]),
    ("| rename a AS b, b AS c", [{"a": "1", "b": "2"}, {"b": "3"}], [{"c": "1"}, {}]),
    ("| rename x.* AS *", [{"x.a": "1", "y": "2"}], [{"a": "1", "y": "2"}]),
    ("| fields - a*", [{"a1": "1", "b": "2", "_raw": "r"}], [{"b": "2", "_raw": "r"}]),
    ("| table b, a*", [{"a1": "1", "b": "2", "_raw": "r"}], [{"b": "2", "a1": "1"}]),
    ("| fillnull", [{"a": "1"}, {"b": ""}], [{"a": "1", "b": "0"}, {"a": "0", "b": ""}]),
    ("| filldown a", [{"a": "1"}, {"b": "2"}], [{"a": "1"}, {"a": "1", "b": "2"}]),
    ("| mvcombine h", [{"h": "a", "k": "1"}, {"h": "b", "k": "1"}], [{"h": ["a", "b"], "k": "1"}]),
    ('| makemv delim="," allowempty=t m | mvexpand m', [{"m": "a,,b"}], [{"m": "a"}, {"m": ""}, {"m": "b"}]),
    ('| rex field=t max_match=2 "(?<d>\\d)"', [{"t": "1a2b3"}, {}], [{"t": "1a2b3", "d": ["1", "2"]}, {}]),
    ('| rex field=t mode=sed "s/\\d/x/2"', [{"t": "1a2"}], [{"t": "1ax"}]),
    ('| replace "a *" WITH "* b" IN t', [{"t": "a c", "u": "a c"}], [{"t": "c b", "u": "a c"}]),
    (
        '| strcat allrequired=t a "-" b c',
        [{"a": "1", "b": "2"}, {"a": "1"}],
        [{"a": "1", "b": "2", "c": "1-2"}, {"a": "1"}],
    ),
    ("| foreach a b [eval <<FIELD>>='<<FIELD>>'.\"!\"]", [{"a": "1", "b": "2"}], [{"a": "1!", "b": "2!"}]),
    (
        '| foreach mode=multivalue m [eval t=coalesce(t, "").<<ITEM>>]',
        [{"m": ["a", "b"]}],
        [{"m": ["a", "b"], "t": "ab"}],
    ),
    (
        '| foreach f*b* fieldstr="#f#" matchseg2="#2#" [eval #f#="#2#"]',
        [{"f1b2": "x"}],
        [{"f1b2": "2"}],
    ),
    (
        "| foreach mode=multivalue m [eval f_<<ITER>>=<<ITEM>>]",
        [{"m": ["a", "b"]}],
        [{"m": ["a", "b"], "f_0": "a", "f_1": "b"}],
    ),
    ("| foreach mode=json_array j [eval t=coalesce(t, 0)+<<ITEM>>]", [{"j": "[1,2]"}], [{"j": "[1,2]", "t": "3"}]),
    ("| replace a WITH x, a WITH y, * WITH z IN t", [{"t": "a"}, {"t": "b"}], [{"t": "y"}, {"t": "z"}]),
    ("| replace a* WITH 1, ab* WITH 2 IN t", [{"t": "abc"}], [{"t": "2"}]),
    ("| xyseries a b c d", [{"a": "1", "b": "x", "c": "7", "d": "8"}], [{"a": "1", "c: x": "7", "d: x": "8"}]),
    (
        '| format maxresults=1 mvsep="AND" "[" "[" "&&" "]" "||" "]"',
        [{"a": ["1", "2"]}, {"b": "3"}],
        [{"search": '[ [ ( a="1" AND a="2" ) ] ]'}],
    ),
    ("| addtotals row=f col=t n", NUMBERS[:2], [{"n": "2"}, {"n": "10"}, {"n": "12"}]),
    ("| convert num(n)", NUMBERS, [{"n": "2"}, {"n": "10"}, {}, {}]),
    ("| convert auto(*) none(b)", [{"a": "1:02:03", "b": "1,000"}], [{"a": "3723", "b": "1,000"}]),
    ("| convert auto(*_d) AS *_s", [{"a_d": "1"}, {"a_d": "x"}], [{"a_d": "1", "a_s": "1"}, {"a_d": "x", "a_s": "x"}]),
    ("| convert memk(n) rmunit(d)", [{"n": "2MB", "d": "212 sec"}], [{"n": "2048", "d": "212"}]),
    ("| delta n AS d", NUMBERS[:2], [{"n": "2"}, {"n": "10", "d": "8"}]),
    ("| xyseries a b c | untable a b c", [{"a": "1", "b": "x", "c": "7"}], [{"a": "1", "b": "x", "c": "7"}]),
    ("| transpose 1 column_name=f", [{"a": "1"}, {"a": "2"}], [{"f": "a", "row 1": "1"}]),
    (
        "| spath input=j",
        [{"j": '{"a":{"b":1},"c":[2,3]}'}],
        [{"j": '{"a":{"b":1},"c":[2,3]}', "a.b": "1", "c{}": ["2", "3"]}],
    ),
    (
        "| join type=left id [| makeresults | eval id=1, v=2 | table id v]",
        [{"id": "1"}, {"id": "2"}],
        [{"id": "1", "v": "2"}, {"id": "2"}],
    ),
    ("| append [| makeresults count=2 | fields - _time]", [{"a": "1"}], [{"a": "1"}, {}, {}]),
    ("| appendcols [| makeresults | eval b=2]", [{"a": "1"}], [{"a": "1", "b": "2"}]),
    ("| appendpipe [stats count]", [{"a": "1"}], [{"a": "1"}, {"count": "1"}]),
    ('| map search="| makeresults | eval b=$a$ | table b"', [{"a": "1"}, {"a": "2"}], [{"b": "1"}, {"b": "2"}]),
    ("| format", [{"a": ["1", "2"], "_x": "3"}], [{"search": '( ( ( a="1" OR a="2" ) ) )'}]),
]


@pytest.mark.parametrize(("spl", "rows", "expected"), TABLES, ids=[case[0] for case in TABLES])
def test_a_command_makes_rows(spl: str, rows: Rows, expected: Rows) -> None:
    """Whole rows, in order."""
    assert run(spl, rows=rows) == expected


REFUSED = [
    "| nosuch",
    "| eval a=nosuch(1)",
    "| eval a=(1==1)",
    "| eval a=isnull(b)",
    '| eval a="x',
    "| eval a=1 +",
    "| eval a=len()",
    '| eval a=tonumber("seven")',
    '| eval a=1-"x"',
    "| eval a=(b.c)+1",
    "| where a",
    "| where a=1 AND b",
    "| search a=AND",
    "| search (a=1",
    "| stats cout",
    "| stats sum",
    "| stats count BY a*",
    "| stats sum(a) AS x sum(a) AS y",
    "| lookup nosuch a",
    "| lookup t nosuch",
    "| lookup t a OUTPUT nosuch",
    "| inputlookup t",
    "| `nosuch`",
    "| `one`",
    "| `one(1, 2)`",
    "| `pos(0)`",
    "| rename a* AS b",
    '| rex field=a "(\\d)"',
    '| rex field=a "(?<b>\\d"',
    "| makeresults",
    "| append [| makeresults",
    "| eval a=1 | | stats count",
    "| head x",
    "| search a=2 | require",
    "| fields",
    "| sort",
    "| mvexpand a b",
    "| foreach a eval b=1",
    "| timechart span=1x count",
    "| tstats count FROM datamodel=Endpoint.Processes",
    "| eval a=mvfilter(a=b)",
    '| eval a=relative_time(now(), "yesterday")',
    "| table a b=1",
    "| dedup a nosuch=1",
]
MACROS = {
    "one(1)": {"args": "x", "definition": "eval a=$x$"},
    "pos(1)": {"args": "n", "definition": "eval a=$n$", "validation": "$n$>0", "errormsg": "no"},
    "circle": {"definition": "`circle`"},
}


@pytest.mark.parametrize("spl", [*REFUSED, "| `circle`"])
def test_what_splunk_refuses_is_refused(spl: str) -> None:
    """Whatever the rows are."""
    with pytest.raises(SplError) as caught:
        run(spl, rows=[{"a": "1"}], macros=MACROS, lookups={"t": MemoryTable(["a", "b"])})
    assert not isinstance(caught.value, UnsettledError)
    assert isinstance(caught.value, UnknownCommandError) == (spl == "| nosuch")


UNSETTLED = [
    ('| where NOT z="a"', {}),
    ('| eval r=if(NOT z="a", 1, 2)', {}),
    ("| where m=1", {"m": ["1", "2"]}),
    ("| search m!=1", {"m": ["1", "2"]}),
    ('| where "10">"9"', {}),
    ('| where f="10"', {"f": "10.0"}),
    ("| where f>1", {"f": "x"}),
    ('| eval r="1"+"2"', {}),
    ("| eval r=f.1+2", {"f": "1"}),
    ("| eval r=len(m)", {"m": ["1", "2"]}),
    ("| search fail", {"_raw": "failed-login"}),
    ("| search TERM(a)", {"_raw": "a"}),
    ("| search f*=1", {"f": "1"}),
    ("| search earliest=-1d", {"_time": "1"}),
    ("| lookup t m", {"m": ["1", "2"]}),
    ("| mvexpand z", {}),
    ('| regex z!="a"', {}),
    ("| nomv m", {"m": ["1", "2"]}),
    ("| sort m | stats first(m) BY m | sort m", {"m": ["1", "2"]}),
    ("| timechart count", {"_time": "1"}),
    ("| bin _time span=1w", {"_time": "1"}),
    ('| eval r=strptime("10:00", "%H:%M")', {}),
    ('| eval r=relative_time(31536000*2-86400, "-1mon")', {}),
    ("| stats c", {}),
    ("| foreach z [eval y=1]", {}),
    ("| convert dur2sec(f)", {"f": "x"}),
    ("| outputlookup new.csv", {"_time": "1"}),
]


@pytest.mark.parametrize(("spl", "row"), UNSETTLED, ids=[case[0] for case in UNSETTLED])
def test_what_no_source_settles_is_an_error_and_no_guess(spl: str, row: Dict[str, Any]) -> None:
    """Which says what is in doubt."""
    rows = [row, row] if "sort m" in spl else [row]
    with pytest.raises(UnsettledError):
        run(spl, rows=rows, lookups={"t": MemoryTable(["m", "b"])})


def test_an_even_median_is_unsettled_unless_both_middles_are_the_same() -> None:
    """Of percentiles likewise."""
    with pytest.raises(UnsettledError):
        run("| stats median(n)", rows=[{"n": "1"}, {"n": "2"}])
    assert run("| stats median(n) AS m p90(n) AS p", rows=[{"n": "1"}, {"n": "1"}]) == [{"m": "1", "p": "1"}]


class TestEmptyCells:
    """An empty cell of a lookup or of a command's answer is null or the empty text: nothing may rest on which."""

    @pytest.mark.parametrize(
        "spl",
        [
            "where isnull(b)",
            'eval c=coalesce(b, "x")',
            "stats count BY b",
            "search b=*",
            "fillnull b",
            "sort b",
            "eval c=len(b)",
        ],
    )
    def test_what_rests_on_it_is_unsettled(self, spl: str) -> None:
        """Counting, filling, asking for it."""
        with pytest.raises(UnsettledError):
            self._run(f"| {spl}")

    @pytest.mark.parametrize(
        ("spl", "number"),
        [
            ('where coalesce(b, "")=""', 1),
            ('where NOT coalesce(b, "")="x"', 1),
            ('where b="x"', 0),
            ("where b>=20", 0),
            ('search b="x"', 0),
            ("sort - b", 2),
            ("table a b", 2),
        ],
    )
    def test_what_is_the_same_both_ways_is_given(self, spl: str, number: int) -> None:
        """A guarded condition, a comparison that fails either way, descending order."""
        rows = self._run(f"| {spl}")
        assert len(rows) == number or spl.startswith("where NOT")

    @staticmethod
    def _run(spl: str) -> Rows:
        table = MemoryTable(["a", "b"], [{"a": "1", "b": ""}, {"a": "2", "b": "30"}])
        rows = [{"a": "1"}, {"a": "2"}] if "sort" in spl or "table" in spl else [{"a": "1"}]
        return list(run(f"| lookup t a {spl}", rows=rows, lookups={"t": table}))


class TestTheBaseSearch:
    """What stands before the first bar."""

    INDEXES: ClassVar[Dict[str, Rows]] = {
        "edr": [{"_time": "100", "user": "ann"}, {"_time": "300", "user": "bob"}],
        "main": [{"_time": "200", "user": "ann"}],
    }

    def test_it_gives_events_newest_first(self) -> None:
        """Of the indexes that it names."""
        assert [row["_time"] for row in run("index=edr", indexes=self.INDEXES)] == ["300", "100"]
        assert [row["_time"] for row in run("user=ann | head 1", indexes=self.INDEXES)] == ["200"]

    def test_its_own_bounds_of_time_count_before_the_pickers(self) -> None:
        """Latest is left out."""
        found = run("index=* earliest=200", indexes=self.INDEXES, earliest=0, latest=300)
        assert [row["_time"] for row in found] == ["200"]

    def test_subsearches_read_indexes_too(self) -> None:
        """Within the picker's range, not the search's own."""
        spl = "index=edr earliest=250 [search index=main | fields user] OR user=bob"
        assert [row["_time"] for row in run(spl, indexes=self.INDEXES)] == ["300"]

    def test_many_rows_of_a_subsearch_are_unsettled(self) -> None:
        """For 10.x hands on 100 of them by default, and others 10,000."""
        with pytest.raises(UnsettledError):
            run("index=edr [| makeresults count=101 | streamstats count AS user | fields user]", indexes=self.INDEXES)


def test_outputlookup_writes_what_inputlookup_reads() -> None:
    """A new file; added to with its own columns; emptied; deleted with no rows."""
    lookups: Dict[str, Any] = {}
    run("| outputlookup a.csv", rows=[{"k": "1", "m": ["x", "y"]}], lookups=lookups)
    run("| outputlookup append=t a.csv", rows=[{"k": "2", "new": "3"}], lookups=lookups)
    assert run('| inputlookup a.csv where k=* | eval m=coalesce(m, "")', lookups=lookups) == [
        {"k": "1", "m": "x y"},
        {"k": "2", "m": ""},
    ]
    run("| outputlookup override_if_empty=f a.csv", rows=[], lookups=lookups)
    assert "a.csv" in lookups
    run("| outputlookup a.csv", rows=[], lookups=lookups)
    assert lookups == {}


def test_a_saved_search_gets_what_stands_for_its_terms() -> None:
    """By name, as text."""
    saved = {"of a user": {"search": 'index=edr user="$who$"'}}
    indexes = {"edr": [{"_time": "1", "user": "ann"}, {"_time": "2", "user": "bob"}]}
    assert run('| savedsearch "of a user" who=bob', saved_searches=saved, indexes=indexes) == [indexes["edr"][1]]


def test_columns_come_in_order() -> None:
    """As a table has them, though the first row lacks one."""
    assert run("| table c a b", rows=[{"a": "1"}, {"b": "2", "c": "3"}]).columns == ["c", "a", "b"]
    assert run("| stats count AS n BY a | rename a AS x | eval y=1", rows=[{"a": "1"}]).columns == ["x", "n", "y"]


def test_timechart_fills_the_range_of_the_search() -> None:
    """By the documented span of a day, with a column a series; the least are OTHER."""
    rows = [
        {"_time": str(DAY["earliest"] + second), "h": f"h{number:02d}"} for second in (0, 1900) for number in range(12)
    ]
    assert len(run("| timechart count", rows=rows, **{**DAY, "earliest": DAY["earliest"] - 3000})) == 50
    found = run("| timechart count BY h", rows=rows, **DAY)
    assert len(found) == 48
    assert found.columns == ["_time", *(f"h{number:02d}" for number in range(10)), "OTHER"]
    assert [(row["h00"], row["OTHER"]) for row in found[:3]] == [("1", "2"), ("1", "2"), ("0", "0")]


@pytest.mark.parametrize(
    ("spl", "words"),
    [
        ("| wehre a=1", "did you mean where"),
        ("| `drop_noise`", "did you mean drop_signed_noise"),
        ("| where a=true", 'as in signed="true"'),
        ("| stats count by", "name one field or more"),
    ],
)
def test_an_error_says_what_to_write_instead(spl: str, words: str) -> None:
    """What is closest, or the form that is right."""
    macros = {"drop_signed_noise": {"definition": "where true()"}}
    with pytest.raises(SplError) as caught:
        run(spl, rows=[{"a": "1"}], macros=macros)
    assert words in str(caught.value)
