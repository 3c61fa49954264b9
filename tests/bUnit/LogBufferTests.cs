using Runner.Engine.Logs;
using Runner.Tests.bUnit.Support;
using Runner.Web.Components.Models;
using Runner.Web.Components.Models.Logs;

namespace Runner.Tests.bUnit;

public sealed class LogBufferTests
{
    [Fact]
    public void Pausing_holds_the_view_still_and_loses_no_line()
    {
        var buffer = new LogBuffer();
        Fill(buffer, 0, 10);
        buffer.Refresh();
        buffer.Pause();
        Fill(buffer, 10, 5);
        Assert.False(buffer.Refresh());
        Assert.Equal((10, 5), (buffer.Count, buffer.Unseen));
        buffer.Resume();
        Assert.Equal(Enumerable.Range(0, 15).Select(number => $"line {number}"), buffer.Read(0, 100).Select(entry => entry.Line.Text));
    }

    [Fact]
    public void The_oldest_lines_make_room_and_are_counted()
    {
        var buffer = new LogBuffer(capacity: 1000);
        Fill(buffer, 0, 2500);
        buffer.Refresh();
        Assert.Equal((1000, 1500L), (buffer.Count, buffer.Dropped));
        Assert.Equal("line 1500", buffer.Read(0, 1)[0].Line.Text);
        Assert.Equal("line 2499", buffer.Read(999, 1)[0].Line.Text);
    }

    [Fact]
    public void The_filter_applies_to_what_came_and_to_what_comes_and_can_be_taken_back()
    {
        var buffer = new LogBuffer();
        Fill(buffer, 0, 20);
        buffer.Show(Text("LINE 1"));
        Fill(buffer, 100, 2);
        buffer.Refresh();
        Assert.Equal(13, buffer.Count);
        buffer.Show(LogFilter.None);
        Assert.Equal(22, buffer.Count);
    }

    [Fact]
    public void Filtered_lines_go_when_their_originals_make_room()
    {
        var buffer = new LogBuffer(capacity: 10);
        buffer.Show(Text("line 3"));
        Fill(buffer, 0, 10);
        buffer.Refresh();
        Assert.Equal(1, buffer.Count);
        Fill(buffer, 50, 10);
        buffer.Refresh();
        Assert.Equal(0, buffer.Count);
    }

    [Fact]
    public void A_filter_typed_while_paused_shows_nothing_from_after_the_pause()
    {
        var buffer = new LogBuffer();
        Fill(buffer, 0, 3);
        buffer.Refresh();
        buffer.Pause();
        Fill(buffer, 3, 3);
        buffer.Show(Text("line"));
        Assert.Equal(3, buffer.Count);
        buffer.Resume();
        Assert.Equal(6, buffer.Count);
    }

    [Fact]
    public void Colours_become_classes_and_other_escapes_vanish()
    {
        var runs = AnsiText.Runs("\u001b[1;31mERR\u001b[0m plain \u001b[2K\u001b[96mcyan\u001b[39m\u001b]");
        Assert.Equal([new TextRun("ERR", "ansi-31 ansi-bold"), new TextRun(" plain ", ""), new TextRun("cyan", "ansi-36")], runs);
    }

    [Fact]
    public void A_colour_of_256_is_skipped_with_its_number() =>
        Assert.Equal([new TextRun("x", "ansi-bold")], AnsiText.Runs("\u001b[38;5;196;1mx"));

    [Fact]
    public void Hits_are_marked_within_colours_regardless_of_case() =>
        Assert.Equal([new TextRun("a ", "ansi-32"), new TextRun("Hit", "ansi-32 hit"), new TextRun(" b", "ansi-32")], AnsiText.Runs("\u001b[32ma Hit b", Text("hIT")));

    [Fact]
    public void A_progress_bar_shows_its_last_state() => Assert.Equal("100%", AnsiText.Runs("10%\r50%\r100%\r")[0].Text);

    [Theory]
    [InlineData("\u001b")]
    [InlineData("\u001b[")]
    [InlineData("a\u001b[31")]
    [InlineData("\u001b[;;;m\u001b[38m\u001b[38;5m")]
    public void Broken_escapes_are_suffered(string line) => Assert.NotNull(AnsiText.Runs(line, Text("x")));

    [Fact]
    public void A_hit_that_begins_in_one_colour_and_ends_in_another_is_marked_whole() =>
        Assert.Equal([new TextRun("a", "ansi-31"), new TextRun("b", "ansi-31 hit"), new TextRun("c", "hit"), new TextRun("d", "")], AnsiText.Runs("\u001b[31mab\u001b[0mcd", Text("bc")));

    [Fact]
    public void Lines_that_come_together_are_put_in_the_order_of_their_times_but_never_those_of_one_container()
    {
        var buffer = new LogBuffer();
        buffer.Add(new LogLine("a", "c", Samples.Now.AddSeconds(3), "a3"));
        buffer.Add(new LogLine("b", "c", Samples.Now.AddSeconds(2), "b2"));
        buffer.Add(new LogLine("a", "c", Samples.Now.AddSeconds(1), "a1 written late"));
        buffer.Add(new LogLine("b", "c", Samples.Now.AddSeconds(4), "b4"));
        buffer.Refresh();
        Assert.Equal(["b2", "a3", "a1 written late", "b4"], buffer.Read(0, 9).Select(entry => entry.Line.Text));
    }

    [Fact]
    public void Long_lines_are_bounded_by_their_size()
    {
        var buffer = new LogBuffer();
        for (var number = 0; number < 300; number++)
        {
            buffer.Add(new LogLine("pod", "c", Samples.Now, new string('x', 256 * 1024)));
        }

        buffer.Refresh();
        Assert.Equal(128, buffer.Kept);
        Assert.Equal(172, buffer.Dropped);
    }

    [Fact]
    public void A_json_line_unfolds_into_rows_and_folds_up_again()
    {
        var buffer = new LogBuffer();
        buffer.Add(new LogLine("pod", "c", Samples.Now, """{"level":"error","at":{"line":7}}"""));
        buffer.Add(new LogLine("pod", "c", Samples.Now, "{ no json }"));
        buffer.Refresh();
        buffer.Toggle(0);
        Assert.Equal(["\"level\": \"error\",", "\"at\": {", "  \"line\": 7", "}"], buffer.Read(0, 9).Select(row => row.PartText).OfType<string>());
        Assert.Equal((2, 6), (buffer.Count, buffer.Rows));
        buffer.Toggle(0);
        Assert.Equal(2, buffer.Rows);
        buffer.Show(LogFilter.None, unfold: true);
        Assert.Equal(6, buffer.Rows);
    }

    [Fact]
    public void An_expression_filters_and_marks()
    {
        var filter = LogFilter.Make(@"l.ne\s\d$", expression: true, out var problem);
        Assert.Null(problem);
        Assert.True(filter.Shows("a LINE 7"));
        Assert.False(filter.Shows("line 77"));
        Assert.Equal([2..8], filter.HitsIn("a LINE 7"));
    }

    [Theory]
    [InlineData("(a+)+$")]
    [InlineData("(.*a){20}b")]
    [InlineData("(x|xx|xxx)*y")]
    public void An_expression_that_others_choke_on_does_not_stall(string pattern)
    {
        var filter = LogFilter.Make(pattern, expression: true, out _);
        var line = new string('a', 5_000) + new string('x', 5_000) + "!";
        Assert.False(filter.Shows(line));
        Assert.Empty(filter.HitsIn(line));
    }

    [Theory]
    [InlineData("(")]
    [InlineData(@"(a)\1")]
    [InlineData("(?=a)b")]
    public void An_expression_that_cannot_be_used_says_why_and_hides_nothing(string pattern)
    {
        var filter = LogFilter.Make(pattern, expression: true, out var problem);
        Assert.NotNull(problem);
        Assert.True(filter.Shows("anything"));
    }

    private static LogFilter Text(string text) => LogFilter.Make(text, expression: false, out _);

    private static void Fill(LogBuffer buffer, int from, int count)
    {
        for (var number = from; number < from + count; number++)
        {
            buffer.Add(new LogLine("pod", "user-container", Samples.Now, $"line {number}"));
        }
    }
}
