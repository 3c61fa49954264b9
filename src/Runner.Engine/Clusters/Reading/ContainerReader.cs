using System.Text.Json;
using k8s.Models;

namespace Runner.Engine.Clusters.Reading;

/// <summary>Reads of a container who it is and what it asks for.</summary>
internal static class ContainerReader
{
    /// <summary>The containers behind a name; null where there is none.</summary>
    public static List<V1Container>? List(ref Utf8JsonReader reader, ReadOnlySpan<byte> source, SharedValues shared)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.Null)
        {
            return null;
        }

        if (reader.TokenType != JsonTokenType.StartArray)
        {
            throw new JsonException($"Expected containers, found {reader.TokenType}.");
        }

        var containers = new List<V1Container>();
        while (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
        {
            containers.Add(Read(ref reader, source, shared));
        }

        return reader.TokenType == JsonTokenType.EndArray ? containers : throw new JsonException($"Expected a container, found {reader.TokenType}.");
    }

    private static V1Container Read(ref Utf8JsonReader reader, ReadOnlySpan<byte> source, SharedValues shared)
    {
        var container = new V1Container();
        while (JsonFields.Next(ref reader))
        {
            if (reader.ValueTextEquals("name"u8))
            {
                container.Name = shared.Text(ref reader);
            }
            else if (reader.ValueTextEquals("image"u8))
            {
                container.Image = shared.Text(ref reader);
            }
            else if (reader.ValueTextEquals("restartPolicy"u8))
            {
                container.RestartPolicy = shared.Text(ref reader);
            }
            else if (reader.ValueTextEquals("resources"u8))
            {
                container.Resources = shared.Resources(ref reader, source);
            }
            else
            {
                reader.Skip();
            }
        }

        return container;
    }
}
