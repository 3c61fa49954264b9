using System.Collections.Immutable;
using System.Globalization;
using System.Resources;
using System.Text.RegularExpressions;
using Bunit;
using FsCheck;
using FsCheck.Fluent;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.DependencyInjection;
using Runner.Engine;
using Runner.Engine.Capacity;
using Runner.Tests.bUnit.Support;
using Runner.Web.Components;
using Runner.Web.Components.Controls;
using Runner.Web.Components.Controls.Tables;
using Runner.Web.Components.Models;
using Runner.Web.Components.Models.Capacity;
using Runner.Web.Components.Models.Tables;
using Runner.Web.Components.Texts;

namespace Runner.Tests.bUnit;

/// <summary>Tables that are filtered, ordered and turned over, and whose view stands in the address.</summary>
public sealed partial class TableTests
{
    private static readonly TableColumns<Part> Columns = new(
        "name",
        TableColumn.Words<Part>("name", part => part.Name),
        TableColumn.Figure("size", (Part part) => part.Size),
        TableColumn.Words<Part>("place", part => part.Place, shown: false));

    private static readonly Part[] Parts = [new("screw", 3, "left"), new("Nut", 3, "right"), new("bolt", 1, "left")];

    [Theory]
    [InlineData("", "bolt Nut screw")]
    [InlineData("?sort=-name", "screw Nut bolt")]
    [InlineData("?sort=size", "bolt screw Nut")]
    [InlineData("?sort=-size", "screw Nut bolt")]
    [InlineData("?filter=left", "bolt screw")]
    [InlineData("?filter=LEFT%20s", "screw")]
    [InlineData("?filter=nail", "")]
    [InlineData("?sort=colour&page=x&columns=,", "bolt Nut screw")]
    public void Rows_are_filtered_by_every_column_and_ordered_by_one(string address, string shown) =>
        Assert.Equal(shown, string.Join(' ', Columns.Choose(Parts, ListQuery.Parse(Columns, address)).Rows.Select(part => part.Name)));

    /// <summary>Words are ordered as the reader's language has them, Chinese by sound and not by code; names are not.</summary>
    [Theory]
    [InlineData("zh-Hans", "?sort=word", "阿里 北京 本地 等待 暂停 awaiting")]
    [InlineData("zh-Hans", "?sort=name", "awaiting 北京 暂停 本地 等待 阿里")]
    public void Words_are_ordered_by_language_and_back_again_and_names_by_their_letters(string language, string address, string expected)
    {
        var (before, words) = (CultureInfo.CurrentUICulture, "暂停 阿里 等待 awaiting 北京 本地".Split(' '));
        var columns = new TableColumns<string>("name", TableColumn.Words<string>("name", word => word), TableColumn.Spoken<string>("word", word => word));
        try
        {
            CultureInfo.CurrentUICulture = new(language);
            var query = ListQuery.Parse(columns, address);
            var rows = columns.Choose(words, query).Rows;
            Assert.Equal(expected, string.Join(' ', rows));
            Assert.Equal(rows.Reverse(), columns.Choose(words, query.SortedBy(query.Sort)).Rows);
            Assert.Equal(["北京", "本地"], columns.Choose(words, query.FilteredBy("北京")).Rows.Concat(columns.Choose(words, query.FilteredBy("本")).Rows));
        }
        finally
        {
            CultureInfo.CurrentUICulture = before;
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("?filter=a%20b%26c&sort=-size&columns=name,place&page=3")]
    public void A_view_survives_its_address(string address) => Assert.Equal(address, ListQuery.Parse(Columns, address).ToString());

    [Fact]
    public void Another_order_or_filter_begins_at_the_first_page_and_the_first_column_stays()
    {
        var query = ListQuery.Parse(Columns, "?page=7");
        Assert.Equal("?sort=size", query.SortedBy("size").ToString());
        Assert.Equal("?sort=-size", query.SortedBy("size").SortedBy("size").ToString());
        Assert.Equal("?filter=x", query.FilteredBy("x").ToString());
        Assert.Equal("?page=8", query.AtPage(8).ToString());
        Assert.Equal(["name", "size"], query.ToggledColumn("name").Columns);
        Assert.Equal(["name", "size", "place"], query.ToggledColumn("place").Columns);
    }

    /// <summary>Whatever the order and however many to a page: each row that matches is on one page, and rows that are alike stay as they were to each other.</summary>
    [Fact]
    public void Ordering_loses_no_row_and_moves_none_that_is_alike() => Prop.ForAll(
        (from names in Gen.Elements("a", "A", "b", "c a").Zip(Gen.Choose(0, 2)).ListOf()
         from sort in Gen.Elements("name", "size", "place")
         from down in Gen.Elements(true, false)
         from filter in Gen.Elements("", "a", "c a")
         from size in Gen.Choose(1, 5)
         select (Rows: names.Select((one, index) => new Part(one.Item1, one.Item2, $"{index}")).ToList(), Sort: sort, Descending: down, Filter: filter, Size: size)).ToArbitrary(),
        given =>
        {
            var query = new ListQuery(Columns) { Sort = given.Sort, Descending = given.Descending, Filter = given.Filter };
            var first = Columns.Choose(given.Rows, query, given.Size);
            var shown = Enumerable.Range(1, first.Pages).SelectMany(page => Columns.Choose(given.Rows, query.AtPage(page), given.Size).Rows).ToList();
            var matching = given.Rows.Where(row => Columns.Matches(row, query.Words)).ToList();
            var order = Columns.Order(query);
            Assert.Equal(matching.ToHashSet(), shown.ToHashSet());
            Assert.Equal((matching.Count, given.Rows.Count, matching.Count), (shown.Count, first.Total, first.Matching));
            Assert.All(shown.Zip(shown.Skip(1)), pair => Assert.True(order(pair.First, pair.Second) is var step && (step < 0 || (step == 0 && given.Rows.IndexOf(pair.First) < given.Rows.IndexOf(pair.Second)))));
            Assert.Equal(shown.TakeLast(Math.Min(given.Size, 1)), Columns.Choose(given.Rows, query.AtPage(int.MaxValue), given.Size).Rows.TakeLast(1));
        }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData("", "A100(g1 g2) H100(g3) (c1)")]
    [InlineData("?sort=-name", "(c1) H100(g3) A100(g2 g1)")]
    [InlineData("?sort=-free", "A100(g1 g2) H100(g3) (c1)")]
    [InlineData("?sort=used", "(c1) H100(g3) A100(g1 g2)")]
    [InlineData("?sort=-bar", "H100(g3) A100(g2 g1) (c1)")]
    public void Groups_of_nodes_and_the_nodes_of_each_are_ordered_alike(string address, string shown)
    {
        NodeCapacity[] nodes = [Node("g2", "A100", 8, 6), Node("c1", "", 0, 0), Node("g1", "A100", 8, 0), Node("g3", "H100", 4, 2)];
        var rows = CapacityModel.Arrange(CapacityGroups.By(nodes, ""), nodes.ToDictionary(node => node, _ => "c"), _ => true, CapacityQuery.Parse(address));
        Assert.Equal(shown, string.Join(' ', rows.GroupBy(row => row.Group.Value).Select(group => $"{group.Key}({string.Join(' ', group.Select(row => row.Node?.Node.Name).OfType<string>())})")));
        Assert.All(rows.GroupBy(row => row.Group.Value), group => Assert.Null(group.First().Node));
    }

    [Fact]
    public async Task What_is_typed_is_told_after_a_pause_and_not_overwritten_meanwhile()
    {
        await using var console = new ConsoleContext();
        var told = new List<string>();
        var field = console.Render<SearchField>(parameters => parameters.Add(one => one.Label, "Filter parts").Add(one => one.Value, "").Add(one => one.ValueChanged, told.Add));
        Assert.Equal("Filter parts", field.Find("input").GetAttribute("aria-label"));
        Assert.Empty(field.FindAll("button"));

        field.Find("input").Input("s");
        field.Find("input").Input("sc");
        field.Render(parameters => parameters.Add(one => one.Value, "older"));
        Assert.Equal("sc", field.Find("input").GetAttribute("value"));
        Assert.Empty(told);
        console.Clock.Advance(TimeSpan.FromMilliseconds(100));
        field.WaitForAssertion(() => Assert.Equal(["sc"], told));

        field.Render(parameters => parameters.Add(one => one.Value, "sc"));
        field.Find("button").Click();
        Assert.Equal(["sc", ""], told);
        field.Render(parameters => parameters.Add(one => one.Value, "from a link"));
        Assert.Equal("from a link", field.Find("input").GetAttribute("value"));
    }

    [Fact]
    public async Task Thousands_of_rows_are_turned_over_page_by_page_and_the_page_stands_in_the_address()
    {
        await using var console = new ConsoleContext();
        var navigation = console.Services.GetRequiredService<NavigationManager>();
        navigation.NavigateTo("/parts?page=2");
        var rows = Enumerable.Range(0, 2050).Select(number => new Part($"part-{number:0000}", number, "here")).ToList();
        var table = console.Render<ListTable<Part>>(parameters => parameters
            .Add(one => one.Rows, rows).Add(one => one.Columns, Columns).Add(one => one.Path, "parts").Add(one => one.Label, "Parts").Add(one => one.Filter, "Filter parts")
            .Add(one => one.Name, id => id).Add(one => one.Key, part => part.Name).Add(one => one.Cells, part => builder => builder.AddMarkupContent(0, $"<td>{part.Name}</td>")));
        string First() => table.Find("tbody td").TextContent;
        Assert.Equal(("part-0100", 100), (First(), table.FindAll("tbody tr").Count));
        Assert.Equal("102", table.Find("tbody tr").GetAttribute("aria-rowindex"));
        Assert.Equal("101–200 of 2,050", table.Find(".table-pager .num").TextContent);

        table.Find("[data-next]").Click();
        Assert.Equal(("part-0200", "?page=3"), (First(), new Uri(navigation.Uri).Query));
        table.Find("th.c-size button").Click();
        table.Find("[data-order]").Click();
        Assert.Equal(("part-2049", "?sort=-size", "descending"), (First(), new Uri(navigation.Uri).Query, table.Find("th.c-size").GetAttribute("aria-sort")));
        navigation.NavigateTo("/parts?filter=part-0007");
        table.WaitForAssertion(() => Assert.Equal(("part-0007", "1 of 2,050"), (First(), table.Find(".toolbar [role=status]").TextContent)));
        Assert.Empty(table.FindAll(".table-pager"));
    }

    [Fact]
    public void Its_texts_are_complete_in_both_languages_and_all_used()
    {
        var (english, chinese) = (Read(CultureInfo.InvariantCulture), Read(new CultureInfo("zh-Hans")));
        var used = SourceFiles.Of("src/Web/Components").Where(file => file.EndsWith(".razor", StringComparison.Ordinal)).SelectMany(file => Key().Matches(File.ReadAllText(file))).Select(match => match.Groups[1].Value).ToHashSet();
        Assert.Equal(english.Keys.Order(), chinese.Keys.Order());
        Assert.DoesNotContain(english, entry => !Holes(entry.Value).SetEquals(Holes(chinese[entry.Key])));
        Assert.Equal(english.Keys.Where(key => !key.EndsWith(".One", StringComparison.Ordinal)).Order(), used.Order());
    }

    private static NodeCapacity Node(string name, string model, int gpus, int used) => new()
    {
        Name = name,
        Status = "Ready",
        Ready = true,
        Labels = ImmutableSortedDictionary<string, string>.Empty.Add("nvidia.com/gpu.product", model),
        Accelerator = model.Length == 0 ? null : new("NVIDIA", model, "nvidia.com/gpu", "nvidia.com/gpu.product", model, ""),
        Resources = ImmutableSortedDictionary<string, ResourceFigures>.Empty.Add("cpu", new(64, 64, 0)).Add("nvidia.com/gpu", new(gpus, gpus, used)),
        Pods = [],
        UpdatedAt = Samples.Now,
    };

    private static Dictionary<string, string> Read(CultureInfo culture) =>
        new ResourceManager(typeof(TableText).FullName!, typeof(TableText).Assembly).GetResourceSet(culture, createIfNotExists: true, tryParents: false)!
            .Cast<System.Collections.DictionaryEntry>().ToDictionary(entry => (string)entry.Key, entry => (string)entry.Value!);

    private static HashSet<string> Holes(string text) => [.. Hole().Matches(text).Select(match => match.Value)];

    [GeneratedRegex("""\bB(?:\[|\.Counted\()"([A-Za-z.]+)"[],]""")]
    private static partial Regex Key();

    [GeneratedRegex(@"\{\d\}")]
    private static partial Regex Hole();

    private sealed record Part(string Name, int Size, string Place);
}
