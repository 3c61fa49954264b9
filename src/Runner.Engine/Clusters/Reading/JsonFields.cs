using System.Text.Json;

namespace Runner.Engine.Clusters.Reading;

/// <summary>Reads one object; the reader stands at its start and afterwards at its end.</summary>
/// <param name="source">What the reader reads.</param>
internal delegate T ItemReader<T>(ref Utf8JsonReader reader, ReadOnlySpan<byte> source, SharedValues shared);

/// <summary>As <see cref="ItemReader{T}"/>.</summary>
internal delegate T PartReader<T>(ref Utf8JsonReader reader, SharedValues shared);

/// <summary>Takes the value behind the name that the reader stands at, if the object wants it.</summary>
/// <returns>False where it does not: then the reader must stand at the name still.</returns>
internal delegate bool FieldReader<in T>(ref Utf8JsonReader reader, SharedValues shared, T target);

/// <summary>
/// Steps through JSON and takes what is wanted. A value that is null counts as missing; one of another type than expected is a <see cref="JsonException"/>.
/// Every method that gives a value stands at the value's name before and at its end afterwards.
/// </summary>
internal static class JsonFields
{
    /// <summary>Moves to the next name of the object. False at the object's end.</summary>
    public static bool Next(ref Utf8JsonReader reader) => reader.Read() && reader.TokenType == JsonTokenType.PropertyName;

    private static bool NextItem(ref Utf8JsonReader reader) => reader.Read() && reader.TokenType != JsonTokenType.EndArray;

    /// <summary>Moves from a name to the object behind it. False where it is null.</summary>
    public static bool Enter(ref Utf8JsonReader reader) => Enter(ref reader, JsonTokenType.StartObject);

    private static bool EnterList(ref Utf8JsonReader reader) => Enter(ref reader, JsonTokenType.StartArray);

    public static bool? Flag(ref Utf8JsonReader reader)
    {
        reader.Read();
        return reader.TokenType == JsonTokenType.Null ? null : Check(ref reader, JsonTokenType.True, JsonTokenType.False) == JsonTokenType.True;
    }

    public static long? Number(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.Null)
        {
            return null;
        }

        Check(ref reader, JsonTokenType.Number);
        return reader.TryGetInt64(out var number) ? number : throw new JsonException("A number is out of range.");
    }

    /// <summary>As UTC.</summary>
    public static DateTime? Time(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.Null)
        {
            return null;
        }

        Check(ref reader, JsonTokenType.String);
        return reader.TryGetDateTimeOffset(out var time) ? time.UtcDateTime : throw new JsonException("A time is not in the form of RFC 3339.");
    }

    /// <summary>A text that hardly any other object has, such as a uid.</summary>
    public static string? Text(ref Utf8JsonReader reader)
    {
        reader.Read();
        return Value(ref reader);
    }

    /// <summary>The text that the reader stands at; null where it is null.</summary>
    public static string? Value(ref Utf8JsonReader reader) =>
        reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName or JsonTokenType.Null ? reader.GetString() : throw Unexpected(ref reader, JsonTokenType.String);

    /// <summary>The objects of the list behind a name; null where it is null.</summary>
    public static List<T>? List<T>(ref Utf8JsonReader reader, SharedValues shared, PartReader<T> read)
    {
        if (!EnterList(ref reader))
        {
            return null;
        }

        var items = new List<T>();
        while (NextItem(ref reader))
        {
            Check(ref reader, JsonTokenType.StartObject);
            items.Add(read(ref reader, shared));
        }

        return items;
    }

    /// <summary>The object behind a name, field by field; null where it is null.</summary>
    public static T? Object<T>(ref Utf8JsonReader reader, SharedValues shared, FieldReader<T> field)
        where T : class, new() => Enter(ref reader) ? Fields(ref reader, shared, field) : null;

    /// <summary>The object that the reader stands at the start of, field by field.</summary>
    public static T Fields<T>(ref Utf8JsonReader reader, SharedValues shared, FieldReader<T> field)
        where T : class, new()
    {
        var target = new T();
        while (Next(ref reader))
        {
            if (!field(ref reader, shared, target))
            {
                reader.Skip();
            }
        }

        return target;
    }

    private static bool Enter(ref Utf8JsonReader reader, JsonTokenType type)
    {
        reader.Read();
        return reader.TokenType != JsonTokenType.Null && Check(ref reader, type) == type;
    }

    private static JsonTokenType Check(ref Utf8JsonReader reader, JsonTokenType expected, JsonTokenType? or = null) =>
        reader.TokenType == expected || reader.TokenType == or ? reader.TokenType : throw Unexpected(ref reader, expected);

    private static JsonException Unexpected(ref Utf8JsonReader reader, JsonTokenType expected) => new($"Expected {expected}, found {reader.TokenType}.");
}
