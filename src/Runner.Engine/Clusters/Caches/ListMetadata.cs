using System.Text.Json;

namespace Runner.Engine.Clusters.Caches;

/// <summary>What follows the items of a list.</summary>
/// <param name="Continue">Token of the next page, null after the last.</param>
internal readonly record struct ListEnd(string ResourceVersion, string? Continue);

/// <summary>
/// The <c>metadata</c> of a page. They stand before the items of the API server's own kinds and behind those of custom resources:
/// <c>{"kind":"PodList","apiVersion":"v1","metadata":{…},"items":[…]}</c> and <c>{"apiVersion":…,"items":[…],"kind":"ServiceList","metadata":{…}}</c>.
/// </summary>
internal static class ListMetadata
{
    /// <summary>Reads <c>{"resourceVersion":…,"continue":…}</c>; the reader stands at its start and afterwards at its end.</summary>
    /// <exception cref="JsonException">A field has another type.</exception>
    public static ListEnd Read(ref Utf8JsonReader reader)
    {
        var (version, next) = ("", (string?)null);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("resourceVersion"u8))
            {
                reader.Read();
                version = Text(ref reader) ?? "";
            }
            else if (reader.ValueTextEquals("continue"u8))
            {
                reader.Read();
                next = Text(ref reader);
            }
            else
            {
                reader.Skip();
            }
        }

        return new(version, string.IsNullOrEmpty(next) ? null : next);
    }

    /// <summary>The token of the next page, without reading the items.</summary>
    /// <returns>Null after the last page, and where only reading all of this one tells.</returns>
    public static string? ContinueOf(ReadOnlySpan<byte> page)
    {
        try
        {
            return TryInFront(page, out var next) ? next : Behind(page);
        }
        catch (JsonException)
        {
            // Whoever reads the page as a whole says what is wrong with it.
            return null;
        }
    }

    private static bool TryInFront(ReadOnlySpan<byte> page, out string? next)
    {
        var reader = new Utf8JsonReader(page);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName && !reader.ValueTextEquals("items"u8))
        {
            var found = reader.ValueTextEquals("metadata"u8);
            reader.Read();
            if (found && reader.TokenType == JsonTokenType.StartObject)
            {
                next = Read(ref reader).Continue;
                return true;
            }

            reader.Skip();
        }

        next = null;
        return false;
    }

    /// <summary>What ends one brace before the page's end is the list's own, whatever stands in the items.</summary>
    private static string? Behind(ReadOnlySpan<byte> page)
    {
        var name = "\"metadata\":"u8;
        var at = page.LastIndexOf(name);
        if (at < 0)
        {
            return null;
        }

        var rest = page[(at + name.Length)..];
        var reader = new Utf8JsonReader(rest);
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            return null;
        }

        var next = Read(ref reader).Continue;
        return rest[(int)reader.BytesConsumed..].Trim(" \t\r\n"u8).SequenceEqual("}"u8) ? next : null;
    }

    private static string? Text(ref Utf8JsonReader reader) =>
        reader.TokenType is JsonTokenType.String or JsonTokenType.Null ? reader.GetString() : throw new JsonException($"Expected a text in the metadata of a list, found {reader.TokenType}.");
}
