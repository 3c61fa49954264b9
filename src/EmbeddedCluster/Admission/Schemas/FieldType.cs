namespace Runner.EmbeddedCluster.Admission.Schemas;

/// <summary>What a value may be.</summary>
internal enum FieldKind
{
    /// <summary>Anything; not looked into.</summary>
    Any,
    Text,
    Flag,
    Integer32,
    Integer64,
    Number,

    /// <summary>Base64 text.</summary>
    Bytes,
    Time,

    /// <summary>A time with exactly six digits after the second.</summary>
    MicroTime,
    Quantity,
    IntegerOrText,
    List,
    Map,
    Object,
}

/// <summary>
/// The type of a field. <see cref="Name"/> is how the API server calls it in errors (<c>int32</c>, <c>v1.Container</c>), <see cref="Item"/> the type of a list's or map's entries,
/// <see cref="Target"/> the type of an object.
/// </summary>
internal sealed class FieldType(FieldKind kind, string name, bool nullable, FieldType? item = null, Lazy<TypeSchema>? target = null)
{
    public FieldKind Kind { get; } = kind;

    public string Name { get; } = name;

    /// <summary>Whether null differs from the empty value; only then an empty value is kept when the field may be left out.</summary>
    public bool Nullable { get; } = nullable;

    public FieldType? Item { get; } = item;

    public TypeSchema Target => target!.Value;
}

/// <summary>When a field is written although it is empty.</summary>
internal enum FieldPresence
{
    /// <summary>Left out when empty, but an object that is no pointer is written as <c>{}</c>, a time as null.</summary>
    Optional,

    /// <summary>Always written.</summary>
    Always,

    /// <summary>Left out when it has its zero value, whatever its type.</summary>
    NotZero,
}

/// <summary>One field of a type.</summary>
/// <param name="MergeKey">For a list that strategic merge patches merge: the key of its entries, empty for plain values; null for lists that are replaced.</param>
/// <param name="RetainKeys">Whether a strategic merge patch clears the keys it does not name (<c>$retainKeys</c>).</param>
/// <param name="Numbers">Its number in the binary form, after those of the embedded messages it lies in; empty when it has none.</param>
internal sealed record FieldSchema(string Name, FieldType Type, FieldPresence Presence, string? MergeKey, bool RetainKeys, IReadOnlyList<int> Numbers);

/// <summary>The fields of one type in the order in which the API server writes them.</summary>
internal sealed class TypeSchema
{
    private readonly Lazy<IReadOnlyList<FieldSchema>> _fields;
    private readonly Lazy<Dictionary<string, FieldSchema>> _byName;

    /// <param name="fields">Makes the fields when they are first asked for; types refer to each other.</param>
    public TypeSchema(string name, Func<IReadOnlyList<FieldSchema>> fields)
    {
        Name = name;
        _fields = new Lazy<IReadOnlyList<FieldSchema>>(fields);
        _byName = new Lazy<Dictionary<string, FieldSchema>>(() => Fields.ToDictionary(f => f.Name, StringComparer.Ordinal));
    }

    /// <summary>Name without package, as in <c>PodSpec</c>.</summary>
    public string Name { get; }

    public IReadOnlyList<FieldSchema> Fields => _fields.Value;

    public FieldSchema? Find(string field) => _byName.Value.GetValueOrDefault(field);
}
