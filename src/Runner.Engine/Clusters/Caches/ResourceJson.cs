using System.Text.Json;
using k8s;
using k8s.Models;
using Runner.Engine.Clusters.Api;
using Runner.Engine.Clusters.Reading;

namespace Runner.Engine.Clusters.Caches;

/// <summary>One object as it came from the API server.</summary>
/// <param name="Json">Its JSON without <c>managedFields</c>, only where <see cref="ResourceKind{T}.KeepJson"/> asks for it.</param>
internal readonly record struct Received<T>(T Object, byte[]? Json);

internal enum WatchEventType
{
    Added,
    Modified,
    Deleted,
    Bookmark,
    Error,
}

/// <summary>One line of a watch.</summary>
/// <param name="Item">The object of an added, modified or deleted event.</param>
/// <param name="ResourceVersion">Where a later watch goes on.</param>
/// <param name="Error">What went wrong, of an error event.</param>
internal readonly record struct WatchEvent<T>(WatchEventType Type, Received<T> Item, string ResourceVersion, ApiStatusException? Error);

/// <summary>Reads pages of lists and lines of watches. Each object is parsed once.</summary>
internal sealed class ResourceJson<T>(ResourceKind<T> kind)
    where T : IKubernetesObject<V1ObjectMeta>
{
    /// <summary>Reads <c>{"metadata":{"resourceVersion":…,"continue":…},"items":[…]}</c>.</summary>
    /// <exception cref="JsonException">The page is not a list of such objects.</exception>
    public ListEnd ReadPage(ReadOnlySpan<byte> page, List<Received<T>> items)
    {
        var reader = new Utf8JsonReader(page);
        var end = new ListEnd("", null);
        Enter(ref reader);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("metadata"u8))
            {
                Enter(ref reader);
                end = ListMetadata.Read(ref reader);
            }
            else if (reader.ValueTextEquals("items"u8))
            {
                ReadItems(ref reader, page, items);
            }
            else
            {
                reader.Skip();
            }
        }

        return end;
    }

    /// <summary>Reads <c>{"type":"ADDED","object":{…}}</c>.</summary>
    /// <exception cref="JsonException">The line is not a watch event.</exception>
    public WatchEvent<T> ReadEvent(ReadOnlySpan<byte> line)
    {
        var reader = new Utf8JsonReader(line);
        Enter(ref reader);
        WatchEventType? type = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("type"u8))
            {
                reader.Read();
                type = ToType(ref reader);
            }
            else if (reader.ValueTextEquals("object"u8) && type is { } known)
            {
                reader.Read();
                return ReadObject(known, ref reader, line);
            }
            else
            {
                reader.Skip();
            }
        }

        throw new JsonException("A watch event has no type before its object.");
    }

    /// <summary>Moves to an object's start.</summary>
    private static void Enter(ref Utf8JsonReader reader)
    {
        reader.Read();
        Expect(ref reader);
    }

    private static void Expect(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw new JsonException($"Expected an object, found {reader.TokenType}.");
        }
    }

    private static WatchEventType ToType(ref Utf8JsonReader reader) => reader.GetString() switch
    {
        "ADDED" => WatchEventType.Added,
        "MODIFIED" => WatchEventType.Modified,
        "DELETED" => WatchEventType.Deleted,
        "BOOKMARK" => WatchEventType.Bookmark,
        "ERROR" => WatchEventType.Error,
        var other => throw new JsonException($"Unknown type '{other}' of a watch event."),
    };

    private void ReadItems(ref Utf8JsonReader reader, ReadOnlySpan<byte> page, List<Received<T>> items)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.Null)
        {
            return;
        }

        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            items.Add(ReadItem(ref reader, page));
        }
    }

    private WatchEvent<T> ReadObject(WatchEventType type, ref Utf8JsonReader reader, ReadOnlySpan<byte> line)
    {
        switch (type)
        {
            case WatchEventType.Error:
                using (var status = JsonDocument.ParseValue(ref reader))
                {
                    return new(type, default, "", RawApi.ToException(status.RootElement, 0));
                }

            case WatchEventType.Bookmark:
                using (var mark = JsonDocument.ParseValue(ref reader))
                {
                    return new(type, default, mark.RootElement.GetProperty("metadata").GetProperty("resourceVersion").GetString() ?? "", null);
                }

            default:
                var item = ReadItem(ref reader, line);
                return new(type, item, item.Object.Metadata.ResourceVersion ?? "", null);
        }
    }

    private Received<T> ReadItem(ref Utf8JsonReader reader, ReadOnlySpan<byte> source)
    {
        var start = (int)reader.TokenStartIndex;
        Expect(ref reader);
        var item = kind.Read(ref reader, source, SharedValues.OfProcess);
        if (item?.Metadata?.Name is null)
        {
            throw new JsonException($"An object of {kind.Name} has no name.");
        }

        return new(item, kind.KeepJson ? ApiJson.WithoutManagedFields(source[start..(int)reader.BytesConsumed]) : null);
    }
}
