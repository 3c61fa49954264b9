using System.Text;
using System.Text.Json;
using k8s.Models;

namespace Runner.Engine.Clusters.Reading;

/// <summary>
/// Values that many objects have alike, held once: label names, images, node names, what a container asks for. Bounded: a new value takes the place of an
/// older one that falls on the same slot. Any number of threads; at worst a value is made twice.
/// </summary>
internal sealed class SharedValues
{
    private const int Slots = 1 << 15;
    private const int MaxTextBytes = 128;
    private const int MaxResourcesBytes = 1024;

    /// <summary>What all clusters of this process have alike.</summary>
    public static SharedValues OfProcess { get; } = new();

    private readonly string?[] _texts = new string?[Slots];
    private readonly KnownResources?[] _resources = new KnownResources?[1 << 10];
    private readonly Dictionary<string, ResourceQuantity> _quantities = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();

    /// <summary>The text behind a name; null where it is null.</summary>
    public string? Text(ref Utf8JsonReader reader)
    {
        reader.Read();
        return Value(ref reader);
    }

    /// <summary>The text, or the name, that the reader stands at.</summary>
    public string? Value(ref Utf8JsonReader reader)
    {
        if (reader.ValueIsEscaped || reader.TokenType is not (JsonTokenType.String or JsonTokenType.PropertyName) || reader.ValueSpan.Length > MaxTextBytes)
        {
            return JsonFields.Value(ref reader);
        }

        if (reader.ValueSpan.IsEmpty)
        {
            return "";
        }

        ref var slot = ref _texts[Hash(reader.ValueSpan) % Slots];
        var known = Volatile.Read(ref slot);
        if (known is not null && Ascii.Equals(reader.ValueSpan, known))
        {
            return known;
        }

        var text = reader.GetString();
        Volatile.Write(ref slot, text);
        return text;
    }

    /// <summary>The texts by name behind a name; null where it is null.</summary>
    public IDictionary<string, string>? Texts(ref Utf8JsonReader reader)
    {
        if (!JsonFields.Enter(ref reader))
        {
            return null;
        }

        var texts = new Dictionary<string, string>(StringComparer.Ordinal);
        while (JsonFields.Next(ref reader))
        {
            var name = Value(ref reader)!;
            texts[name] = Text(ref reader)!;
        }

        return texts;
    }

    /// <summary>The amounts by name behind a name; null where it is null.</summary>
    /// <exception cref="FormatException">An amount is not a quantity.</exception>
    public IDictionary<string, ResourceQuantity>? Quantities(ref Utf8JsonReader reader)
    {
        if (!JsonFields.Enter(ref reader))
        {
            return null;
        }

        var quantities = new Dictionary<string, ResourceQuantity>(StringComparer.Ordinal);
        while (JsonFields.Next(ref reader))
        {
            var name = Value(ref reader)!;
            reader.Read();
            if (reader.TokenType != JsonTokenType.Null)
            {
                // A quantity is a text, or a number where a human wrote it: the API server passes both on.
                quantities[name] = Quantity(reader.TokenType == JsonTokenType.Number ? Encoding.UTF8.GetString(reader.ValueSpan) : Value(ref reader)!);
            }
        }

        return quantities;
    }

    /// <summary>The <c>resources</c> of a container behind a name, one object for all containers that ask alike: do not change it.</summary>
    public SharedResources? Resources(ref Utf8JsonReader reader, ReadOnlySpan<byte> source)
    {
        if (!JsonFields.Enter(ref reader))
        {
            return null;
        }

        var start = (int)reader.TokenStartIndex;
        var ahead = reader;
        ahead.Skip();
        var json = source[start..(int)ahead.BytesConsumed];
        ref var slot = ref _resources[Hash(json) % (uint)_resources.Length];
        var known = Volatile.Read(ref slot);
        if (known is not null && json.SequenceEqual(known.Json))
        {
            reader = ahead;
            return known.Resources;
        }

        var resources = ReadResources(ref reader);
        if (json.Length <= MaxResourcesBytes)
        {
            Volatile.Write(ref slot, new KnownResources(json.ToArray(), resources));
        }

        return resources;
    }

    private SharedResources ReadResources(ref Utf8JsonReader reader)
    {
        var resources = new SharedResources();
        while (JsonFields.Next(ref reader))
        {
            if (reader.ValueTextEquals("requests"u8))
            {
                resources.Requests = Quantities(ref reader);
            }
            else if (reader.ValueTextEquals("limits"u8))
            {
                resources.Limits = Quantities(ref reader);
            }
            else
            {
                reader.Skip();
            }
        }

        return resources;
    }

    private ResourceQuantity Quantity(string text)
    {
        lock (_lock)
        {
            if (_quantities.TryGetValue(text, out var known))
            {
                return known;
            }

            if (_quantities.Count >= Slots)
            {
                _quantities.Clear();
            }

            return _quantities[text] = new ResourceQuantity(text);
        }
    }

    /// <summary>Over pointers: what casts a span is compiled ahead by nobody, and is slow until it has been called often.</summary>
    private static unsafe uint Hash(ReadOnlySpan<byte> bytes)
    {
        const ulong Multiplier = 0x9E3779B97F4A7C15;
        var hash = (ulong)bytes.Length * Multiplier;
        fixed (byte* first = bytes)
        {
            var at = first;
            var end = first + bytes.Length;
            for (; end - at >= sizeof(ulong); at += sizeof(ulong))
            {
                hash = (hash ^ *(ulong*)at) * Multiplier;
                hash ^= hash >> 29;
            }

            ulong rest = 0;
            for (; at < end; at++)
            {
                rest = (rest << 8) | *at;
            }

            hash = (hash ^ rest) * Multiplier;
        }

        return (uint)(hash >> 32);
    }

    private sealed record KnownResources(byte[] Json, SharedResources Resources);
}
