using System.Text.Json.Nodes;

namespace Runner.Engine.Values;

/// <summary>What a value may be.</summary>
public enum ValueKind
{
    /// <summary>A text.</summary>
    Text,

    /// <summary>True or false.</summary>
    Boolean,

    /// <summary>The text <c>"true"</c> or <c>"false"</c>: what charts before 2.4 have where later ones have truth values.</summary>
    Flag,

    /// <summary>A whole number.</summary>
    Integer,

    /// <summary>A whole number, or its text.</summary>
    Number,

    /// <summary>Texts in a row.</summary>
    List,

    /// <summary>Texts by key.</summary>
    Map,

    /// <summary>A shape of Kubernetes' own.</summary>
    Object,

    /// <summary>Several of these.</summary>
    Objects,
}

/// <summary>The form that a text must have.</summary>
public enum ValueFormat
{
    /// <summary>Any.</summary>
    None,

    /// <summary>An http or https URL.</summary>
    Url,

    /// <summary>A host's name.</summary>
    Host,

    /// <summary>A host's name, with a port or without.</summary>
    HostPort,

    /// <summary>The name of a namespace.</summary>
    DnsLabel,

    /// <summary>The name of an object.</summary>
    DnsName,

    /// <summary>The key of a label, or a resource's name.</summary>
    LabelKey,

    /// <summary>A duration in Go's form, such as <c>60m</c>.</summary>
    Duration,

    /// <summary>A URL, or host and port, or <c>auto</c>.</summary>
    Endpoint,

    /// <summary>A bearer token.</summary>
    Token,

    /// <summary>The identity of a cluster.</summary>
    ClusterId,
}

/// <summary>When a changed value takes effect once the release has it.</summary>
public enum TakesEffect
{
    /// <summary>When the runner starts anew after the upgrade.</summary>
    Upgrade,

    /// <summary>A running runner takes it from its ConfigMap.</summary>
    Live,
}

/// <summary>A key under which charts read a value.</summary>
/// <param name="Inert">True where no chart does anything with it.</param>
public sealed record ValueKey(KeyPath Path, ChartRange Charts, bool Inert)
{
    private static readonly ChartVersion FirstTakenOver = new(2, 0, 0);

    /// <summary>Whether a chart does something with the value where it is written so.</summary>
    public bool IsRead(ChartVersion chart) => !Inert && (Charts.Has(chart) || (chart.IsOurs && Charts.Until >= FirstTakenOver));
}

/// <summary>Something that differs between charts.</summary>
public sealed record ByChart<T>(T Value, ChartRange Charts);

/// <summary>One value of the runner's charts.</summary>
public sealed class ValueDefinition
{
    /// <summary>Its keys, the oldest first; more than one where it was renamed.</summary>
    public required IReadOnlyList<ValueKey> Keys { get; init; }

    /// <summary>Its newest key, by which it is known.</summary>
    public KeyPath Id => Keys[^1].Path;

    /// <summary>Group in which a form shows it.</summary>
    public required string Section { get; init; }

    /// <summary>Name for a form.</summary>
    public required LocalText Title { get; init; }

    /// <summary>What it is for.</summary>
    public required LocalText Description { get; init; }

    /// <summary>Whether it must not be shown.</summary>
    public bool Secret { get; init; }

    /// <summary>Whether it is only there for old charts.</summary>
    public bool Deprecated { get; init; }

    /// <summary>When a change takes effect.</summary>
    public TakesEffect Takes { get; init; }

    /// <summary>The values that are allowed; empty where the type decides.</summary>
    public IReadOnlyList<string> Allowed { get; init; } = [];

    /// <summary>Form of a text.</summary>
    public ValueFormat Format { get; init; }

    /// <summary>Least number; null for none.</summary>
    public long? Minimum { get; init; }

    /// <summary>Greatest number; null for none.</summary>
    public long? Maximum { get; init; }

    /// <summary>Full names of the ConfigMap's keys that follow from it.</summary>
    public IReadOnlyList<string> ConfigMapKeys { get; init; } = [];

    /// <summary>Kinds of other objects that follow from it.</summary>
    public IReadOnlyList<string> Renders { get; init; } = [];

    /// <summary>Name of the chart that it switches; empty for none.</summary>
    public string Subchart { get; init; } = "";

    /// <summary>Keys that are written for it by mistake.</summary>
    public IReadOnlyList<KeyPath> Mistakes { get; init; } = [];

    internal IReadOnlyList<ByChart<ValueKind>> Kinds { get; init; } = [];

    internal IReadOnlyList<ByChart<JsonNode?>> Defaults { get; init; } = [];

    /// <summary>The key under which a chart reads it, the older where there are two; null where it does not.</summary>
    public KeyPath? KeyIn(ChartVersion chart) => Keys.FirstOrDefault(key => key.Charts.Has(chart) && !key.Inert)?.Path;

    /// <summary>The type that a chart wants.</summary>
    public ValueKind KindIn(ChartVersion chart) => (Kinds.FirstOrDefault(kind => kind.Charts.Has(chart)) ?? Kinds[^1]).Value;

    /// <summary>The default that a chart has; null where it has none.</summary>
    public JsonNode? DefaultIn(ChartVersion chart) => Defaults.FirstOrDefault(value => value.Charts.Has(chart))?.Value;
}
