namespace Runner.Engine.Values;

/// <summary>Why a text is no values file, with line and column.</summary>
internal static class ReaderProblems
{
    public static ValuesException Syntax(string text, int at, string reason)
    {
        var lines = new TextLines(text);
        var line = lines.StartOfLine(Math.Max(0, lines.StartOfLine(at) - 1));
        for (var count = 0; count < 4 && line < text.Length; count++, line = lines.EndOfLine(line))
        {
            var indent = line + text.AsSpan(line).IndexOfAnyExcept(' ');
            if (indent >= line && text[indent] == '\t')
            {
                return Make(text, indent, "tab-indentation", "The line is indented with a tab, which YAML does not allow.", "该行使用制表符缩进，YAML 不允许这样做。",
                    "Replace the tab with spaces, two for each level.", "请把制表符替换为空格，每一级两个。");
            }
        }

        return Make(text, at, "syntax", $"This is not valid YAML: {reason.TrimEnd('.')}.", $"不是有效的 YAML：{reason.TrimEnd('.')}。",
            "Look at this line and the one above: a quote or bracket that is not closed, a colon without a space after it, or indentation that does not fit.",
            "请检查该行及上一行：引号或括号未闭合、冒号后缺少空格，或缩进不一致。");
    }

    public static ValuesException TooLarge(int limit) =>
        Make("", 0, "too-large", $"The file has more than {limit:N0} characters; a Helm release takes no more than about a megabyte.", $"文件超过 {limit:N0} 个字符；Helm 发布最多容纳约 1 MB。",
            "Check that this is the values file and not something else.", "请确认这是 values 文件，而不是其他文件。");

    public static ValuesException SecondDocument(string text, int at) =>
        Make(text, at, "several-documents", "A second document begins here. Helm reads the first one and ignores the rest in silence.", "此处开始了第二个文档。Helm 只读取第一个，并静默忽略其余部分。",
            "Keep one document in the file; give others to helm with -f of their own.", "文件中只保留一个文档；其他文档请用单独的 -f 传给 helm。");

    public static ValuesException NoMap(string text, int at) =>
        Make(text, at, "not-a-map", "A values file has keys with values at its top; this one has something else.", "values 文件的顶层应为键和值；此文件不是。",
            "Write it as lines of the form key: value.", "请写成 key: value 形式的行。");

    public static ValuesException TooDeep(string text, int at) =>
        Make(text, at, "too-deep", $"The values are nested more than {YamlReader.MaxDepth} levels deep here.", $"此处的嵌套超过 {YamlReader.MaxDepth} 层。",
            "No value of the chart is nested like this; check the brackets and the indentation.", "Chart 中没有这样深的值；请检查括号和缩进。");

    public static ValuesException UnknownAnchor(string text, int at) =>
        Make(text, at, "unknown-anchor", "This alias refers to an anchor that the file does not have above it.", "此别名引用的锚点在其上文中不存在。",
            "Write the value itself, or set the anchor (&name) where the value is.", "请直接写出值，或在值处设置锚点（&name）。");

    public static ValuesException KeyNotPlain(string text, int at) =>
        Make(text, at, "key-not-plain", "This key is a list, a map, an alias or is introduced by a question mark; Helm's values have texts as keys.", "此键是列表、映射、别名或以问号开头；Helm 的值以文本为键。",
            "Write it as key: value.", "请写成 key: value。");

    public static ValuesException Make(string text, int at, string code, string english, string chinese, string remedy, string remedyChinese, KeyPath? path = null)
    {
        var (line, column) = new LineStarts(text).At(at);
        return new(new(code, path ?? KeyPath.Root, line, column, ProblemSeverity.Error, new(english, chinese), new(remedy, remedyChinese)));
    }
}
