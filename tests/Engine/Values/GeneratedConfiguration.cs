using Runner.Engine.Values;

namespace Runner.Tests.Engine.Values;

/// <summary>Makes values files that a chart takes, with comments, by a seed.</summary>
internal sealed class GeneratedConfiguration(int seed)
{
    private readonly Random _random = new(seed);

    public string Line() => ChartVersion.Lines[_random.Next(ChartVersion.Lines.Count)];

    /// <summary>A file with some of the chart's values, valid for it; and one key that no chart knows.</summary>
    public ValuesDocument Make(ChartVersion chart)
    {
        var document = ValuesDocument.Parse("# head\n\nhubAPIToken: t0ken # rotate\nunknownToAnyChart: mine\n");
        foreach (var value in ValuesCatalogue.Instance.In(chart).OrderBy(_ => _random.Next()).Take(_random.Next(1, 30)))
        {
            if (!value.Id.ToString().Contains("tls", StringComparison.Ordinal) && value.Id.ToString() is not ("hubAPIToken" or "logcollector.enabled"))
            {
                document = document.Set(value.KeyIn(chart)!, Any(value, chart), _random.Next(2) == 0 ? ValuesCatalogue.Instance.Order : null);
            }
        }

        return _random.Next(3) == 0 ? ValuesDocument.Parse(document.Text.Replace("\n", "\r\n")) : document;
    }

    private YamlValue Any(ValueDefinition value, ChartVersion chart) => value.KindIn(chart) switch
    {
        ValueKind.Boolean => YamlValue.Of(_random.Next(2) == 0),
        ValueKind.Flag => YamlValue.Of(_random.Next(2) == 0 ? "true" : "false"),
        ValueKind.Integer => YamlValue.Of(_random.Next((int)(value.Minimum ?? 0), (int)(value.Maximum ?? 1000))),
        ValueKind.Number => _random.Next(2) == 0 ? YamlValue.Of(_random.Next(1, 600)) : YamlValue.Of($"{_random.Next(1, 600)}"),
        ValueKind.List => new YamlValue.List([YamlValue.Of("--one"), YamlValue.Of("two")]),
        _ when value.KindIn(ChartVersion.Newest) == ValueKind.Map => new YamlValue.Map([new("pool", YamlValue.Of("gpu")), new("example.com/on", YamlValue.Of("true"))]),
        ValueKind.Object => new YamlValue.Map([new("some", new YamlValue.Map([new("thing", YamlValue.Of("250m"))]))]),
        ValueKind.Objects => new YamlValue.List([new YamlValue.Map([new("key", YamlValue.Of("dedicated")), new("operator", YamlValue.Of("Exists"))])]),
        _ when value.Allowed.Count > 0 => YamlValue.Of(value.Allowed[_random.Next(value.Allowed.Count)]),
        _ => YamlValue.Of(value.Format switch
        {
            ValueFormat.Url => "https://a.example.com/x",
            ValueFormat.Endpoint => "http://10.0.0.1:8080",
            ValueFormat.Duration => "30m",
            ValueFormat.Host => "b.example.com",
            ValueFormat.HostPort => "c.example.com:5000",
            _ => $"t{_random.Next(100)}",
        }),
    };
}
