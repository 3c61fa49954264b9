using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using k8s;
using k8s.Models;
using Runner.Engine.Clusters.Reading;

namespace Runner.Engine.Clusters.Api;

/// <summary>How cluster objects are read from JSON: as KubernetesClient does, but without the parts that nobody looks at and that would fill the memory.</summary>
internal static class ApiJson
{
    /// <summary>Who last set which field: often half of an object's bytes.</summary>
    private const string ManagedFields = "managedFields";

    /// <summary>For every kind: everything but <c>managedFields</c>.</summary>
    public static JsonSerializerOptions Options { get; } = Create();

    /// <summary>Reads one object of any kind.</summary>
    /// <exception cref="JsonException">Not such an object.</exception>
    public static T Read<T>(ref Utf8JsonReader reader, ReadOnlySpan<byte> source, SharedValues shared) =>
        JsonSerializer.Deserialize(ref reader, (JsonTypeInfo<T>)Options.GetTypeInfo(typeof(T))) ?? throw new JsonException($"An object of type {typeof(T).Name} is null.");

    /// <summary>Reads one object that stands alone.</summary>
    /// <exception cref="JsonException">Not such an object.</exception>
    public static T Read<T>(ReadOnlySpan<byte> json, ItemReader<T> read)
    {
        var reader = new Utf8JsonReader(json);
        reader.Read();
        return reader.TokenType == JsonTokenType.StartObject ? read(ref reader, json, SharedValues.OfProcess) : throw new JsonException($"Expected an object, found {reader.TokenType}.");
    }

    /// <summary>Copies the JSON of one object without its <c>metadata.managedFields</c>.</summary>
    /// <exception cref="JsonException">Not a JSON object.</exception>
    public static byte[] WithoutManagedFields(ReadOnlySpan<byte> json)
    {
        if (json.IndexOf("managedFields"u8) < 0)
        {
            return json.ToArray();
        }

        var reader = new Utf8JsonReader(json);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isMetadata = reader.ValueTextEquals("metadata"u8);
            reader.Read();
            if (!isMetadata || reader.TokenType != JsonTokenType.StartObject)
            {
                reader.Skip();
                continue;
            }

            var before = (int)reader.BytesConsumed;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var found = reader.ValueTextEquals("managedFields"u8);
                reader.Skip();
                if (found)
                {
                    return Cut(json, before, (int)reader.BytesConsumed);
                }

                before = (int)reader.BytesConsumed;
            }
        }

        return json.ToArray();
    }

    /// <summary>Removes one property, from the end of what stands before it to its own end, and one of the commas around it.</summary>
    private static byte[] Cut(ReadOnlySpan<byte> json, int start, int end)
    {
        var rest = json[end..];
        if (json[start - 1] == (byte)'{')
        {
            rest = rest.TrimStart(" \t\r\n"u8).TrimStart((byte)',');
        }

        var result = new byte[start + rest.Length];
        json[..start].CopyTo(result);
        rest.CopyTo(result.AsSpan(start));
        return result;
    }

    private static JsonSerializerOptions Create()
    {
        JsonSerializerOptions? options = null;
        KubernetesJson.AddJsonOptions(clients => options = new JsonSerializerOptions(clients));
        options!.TypeInfoResolver = options.TypeInfoResolver!.WithAddedModifier(DropManagedFields);
        options.MakeReadOnly();
        return options;
    }

    private static void DropManagedFields(JsonTypeInfo info)
    {
        for (var i = info.Properties.Count - 1; i >= 0; i--)
        {
            // Who asks for definitions of custom resources wants to know whether they are there; their schemas are often larger than all objects of the kind.
            if ((info.Type == typeof(V1ObjectMeta) && info.Properties[i].Name == ManagedFields)
                || (info.Type == typeof(V1CustomResourceDefinitionVersion) && info.Properties[i].Name is ("schema" or "additionalPrinterColumns")))
            {
                info.Properties.RemoveAt(i);
            }
        }
    }
}
