using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using k8s;
using k8s.Models;

namespace Runner.Engine.Clusters;

/// <summary>How cluster objects are read from JSON: as KubernetesClient does, but without the parts that nobody looks at and that would fill the memory.</summary>
internal static class ApiJson
{
    /// <summary>Who last set which field: often half of an object's bytes.</summary>
    private const string ManagedFields = "managedFields";

    private static readonly Dictionary<Type, string[]> PodParts = new()
    {
        [typeof(V1PodSpec)] = ["affinity", "imagePullSecrets", "tolerations", "volumes"],
        [typeof(V1Container)] = ["args", "command", "env", "envFrom", "lifecycle", "livenessProbe", "readinessProbe", "securityContext", "startupProbe", "volumeMounts"],
    };

    /// <summary>For every kind: everything but <c>managedFields</c>.</summary>
    public static JsonSerializerOptions Options { get; } = Create(DropManagedFields);

    /// <summary>For pods: also without what only the kubelet needs. Environment values, secrets among them, are never held.</summary>
    public static JsonSerializerOptions PodOptions { get; } = Create(DropManagedFields, info => Drop(info, PodParts.GetValueOrDefault(info.Type, [])));

    /// <summary>Copies the JSON of one object without its <c>metadata.managedFields</c>.</summary>
    /// <exception cref="JsonException">Not a JSON object.</exception>
    public static byte[] WithoutManagedFields(ReadOnlySpan<byte> json)
    {
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

    private static JsonSerializerOptions Create(params Action<JsonTypeInfo>[] modifiers)
    {
        JsonSerializerOptions? options = null;
        KubernetesJson.AddJsonOptions(clients => options = new JsonSerializerOptions(clients));
        foreach (var modifier in modifiers)
        {
            options!.TypeInfoResolver = options.TypeInfoResolver!.WithAddedModifier(modifier);
        }

        options!.MakeReadOnly();
        return options;
    }

    private static void DropManagedFields(JsonTypeInfo info)
    {
        if (info.Type == typeof(V1ObjectMeta))
        {
            Drop(info, [ManagedFields]);
        }
    }

    private static void Drop(JsonTypeInfo info, string[] names)
    {
        for (var i = info.Properties.Count - 1; i >= 0; i--)
        {
            if (names.Contains(info.Properties[i].Name))
            {
                info.Properties.RemoveAt(i);
            }
        }
    }
}
