using System.Text.Json;
using System.Text.Json.Nodes;

namespace Runner.Engine.Values;

/// <summary>Checks every key of a file by itself: whether the chart reads it, and whether it may have its value.</summary>
internal sealed class KeyChecks(ValuesDocument document, JsonObject values, ChartVersion chart, CheckReport report)
{
    /// <summary>Unknown keys that are told one by one; a file with more is most likely no values file of the runner.</summary>
    private const int MostUnknown = 200;

    private readonly List<KeyPath> _unknown = [];

    private static readonly ValuesCatalogue Catalogue = ValuesCatalogue.Instance;

    /// <summary>Every chart at which a line or a key began, oldest first.</summary>
    private static readonly IReadOnlyList<ChartVersion> Beginnings =
        [.. Catalogue.Values.SelectMany(value => value.Keys).Select(key => key.Charts.Since).OfType<ChartVersion>().Concat(ChartVersion.Lines.Select(ChartVersion.FirstOf)).Distinct().Order()];

    public void Run()
    {
        if (document.Root is not null)
        {
            Duplicates(document.Root, KeyPath.Root);
        }

        Walk(values, KeyPath.Root);
        if (_unknown.Count > MostUnknown)
        {
            report.Warn("unknown-keys", _unknown[MostUnknown], new($"{_unknown.Count - MostUnknown} more keys from here on are no keys of the chart.", $"从此处起还有 {_unknown.Count - MostUnknown} 个键不是 Chart 的键。"),
                new("Check that this is the values file of the runner and not something else.", "请确认这是 Runner 的 values 文件，而不是其他文件。"));
        }
    }

    private void Walk(JsonObject map, KeyPath path)
    {
        foreach (var (key, value) in map)
        {
            Check(path.Child(key), value);
        }
    }

    private void Check(KeyPath path, JsonNode? value)
    {
        Placeholders(path, value);
        var known = Catalogue.Find(path);
        if (known is null && Catalogue.IsGroup(path))
        {
            if (value is JsonObject map)
            {
                Walk(map, path);
            }
            else if (value is not null)
            {
                report.Error("wrong-type", path, new($"'{path}' is a group of keys; here it has a value of its own.", $"'{path}' 是一组键，这里却直接给了值。"),
                    new("Write its keys below it, indented.", "请在其下缩进写出各个键。"));
            }
        }
        else if (known is null)
        {
            Unknown(path);
        }
        else if (known.Key is null || !IsRead(known))
        {
            NotRead(path, known);
        }
        else if (value is not null)
        {
            ValueChecks.Check(path, known.Definition, chart, value, report);
        }
    }

    private bool IsRead(KnownKey known) => known.Key?.IsRead(chart) == true;

    private void Unknown(KeyPath path)
    {
        if (Catalogue.IsOfSubchart(path) || path.Steps[0].Key == "global" && path.Steps.Count > 2 && Catalogue.IsOfSubchart(KeyPath.Root.Child(path.Steps[1].Key)))
        {
            return;
        }

        _unknown.Add(path);
        if (_unknown.Count > MostUnknown)
        {
            return;
        }

        var near = Catalogue.Suggest(path, chart);
        report.Warn("unknown-key", path, new($"'{path}' is no key of the chart; Helm ignores it in silence.", $"'{path}' 不是 Chart 的键，Helm 会静默忽略它。"), near.Count > 0
            ? new($"Did you mean '{near[0]}'?", $"您是否想写 '{near[0]}'?")
            : new("Remove it, or look the key up in the form.", "请删除它，或在表单中查找正确的键。"));
    }

    private void NotRead(KeyPath path, KnownKey known)
    {
        var reads = known.Definition.KeyIn(chart);
        if (known.Key is null)
        {
            report.Warn("misspelt-key", path, new($"No chart reads '{path}', though it is often written.", $"没有 Chart 读取 '{path}'，尽管这是常见写法。"), Use(reads));
        }
        else if (reads is not null)
        {
            var since = Successor(known.Definition.Keys.First(key => key.Path.Equals(reads)), known.Key);
            var renamed = since is { } version && chart >= version;
            var line = since?.AsBeginning ?? "";
            report.Warn("renamed-key", path, renamed
                ? new($"'{path}' was renamed to '{reads}' in {line}; chart {chart} ignores it in silence.", $"'{path}' 自 {line} 起改名为 '{reads}'；Chart {chart} 会静默忽略它。")
                : new($"'{path}' belongs to other charts; chart {chart} ignores it in silence.", $"'{path}' 属于其他版本的 Chart；Chart {chart} 会静默忽略它。"), Use(reads));
        }
        else
        {
            report.Warn("no-effect", path, new($"'{path}' does nothing in chart {chart}.", $"'{path}' 在 Chart {chart} 中不起作用。"),
                known.Key.Charts.Since is { } since && chart < since
                    ? new($"It is read since {since.AsBeginning}: upgrade the chart, or remove it.", $"自 {since.AsBeginning} 起才读取：请升级 Chart，或删除它。")
                    : new("Remove it.", "请删除它。"));
        }
    }

    /// <summary>The first chart that reads the one key and the other no more; null where the other is the newer.</summary>
    private static ChartVersion? Successor(ValueKey newer, ValueKey older) =>
        older.Charts.Until is not { } until ? null
            : newer.Charts.Since is { } since && since > until ? since
            : Beginnings.Cast<ChartVersion?>().FirstOrDefault(chart => chart > until);

    private static LocalText Use(KeyPath? key) => key is null ? new("Remove it.", "请删除它。") : new($"Write '{key}' instead; migrating the file does it.", $"请改写为 '{key}'；迁移文件会自动完成。");

    private void Placeholders(KeyPath path, JsonNode? value)
    {
        if (value is JsonValue text && text.GetValueKind() == JsonValueKind.String && ValuesMask.IsPlaceholder(text.GetValue<string>()))
        {
            report.Error("masked-value", path, new($"'{path}' has the placeholder of a masked export instead of its value.", $"'{path}' 的值是隐去密钥导出时的占位符。"),
                new("Put the real value in, or export the file in full as an administrator.", "请填入真实的值，或由管理员导出完整文件。"));
        }
        else if (value is JsonArray list && Catalogue.Find(path) is not null)
        {
            for (var index = 0; index < list.Count; index++)
            {
                Placeholders(path.Child(index), list[index]);
            }
        }
        else if (value is JsonObject map && Catalogue.Find(path) is not null)
        {
            foreach (var (key, inner) in map)
            {
                Placeholders(path.Child(key), inner);
            }
        }
    }

    private void Duplicates(YamlNode node, KeyPath path)
    {
        foreach (var twice in node.Entries.GroupBy(entry => entry.Key).Where(group => group.Count() > 1))
        {
            report.Warn("duplicate-key", path.Child(twice.Key), new($"'{path.Child(twice.Key)}' is in the file {twice.Count()} times; Helm takes the last one.", $"'{path.Child(twice.Key)}' 在文件中出现 {twice.Count()} 次；Helm 取最后一个。"),
                new("Keep one of them.", "请只保留其中一个。"));
        }

        foreach (var entry in node.Entries)
        {
            Duplicates(entry.Value, path.Child(entry.Key));
        }

        for (var index = 0; index < node.Items.Count; index++)
        {
            Duplicates(node.Items[index], path.Child(index));
        }
    }
}
