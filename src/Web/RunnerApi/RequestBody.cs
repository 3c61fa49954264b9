using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http.Features;

namespace Runner.Web.RunnerApi;

/// <summary>Reads a JSON body, of GET and DELETE calls too, without ever holding more than allowed.</summary>
internal static class RequestBody
{
    /// <summary>Largest body in bytes. The largest request the hub makes has some 10 kB.</summary>
    public const int MaxBytes = 1024 * 1024;

    public const string TooLarge = "The body is larger than the 1 MB that are accepted.";

    /// <summary>So much of a body that is too large is taken and thrown away: a client that is still writing when the connection closes never reads the refusal.</summary>
    private const long MaxDrainedBytes = 16 * 1024 * 1024;

    /// <summary>The body as an object; an empty body of a call that only reads is an object without fields.</summary>
    /// <param name="mayBeEmpty">Whether no body at all is taken.</param>
    /// <exception cref="ApiException">400: not valid, with field and position. 413: too large.</exception>
    public static async ValueTask<T> ReadAsync<T>(HttpContext context, JsonTypeInfo<T> type, bool mayBeEmpty = false)
        where T : class, new()
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = MaxDrainedBytes;
        }

        var reader = context.Request.BodyReader;
        while (true)
        {
            var read = await reader.ReadAsync(context.RequestAborted);
            if (read.Buffer.Length > MaxBytes)
            {
                reader.AdvanceTo(read.Buffer.End);
                await DrainAsync(context, reader);
                throw new ApiException(StatusCodes.Status413PayloadTooLarge, TooLarge);
            }

            if (read.IsCompleted)
            {
                try
                {
                    return read.Buffer.IsEmpty && mayBeEmpty ? new T() : Parse(read.Buffer, type);
                }
                finally
                {
                    reader.AdvanceTo(read.Buffer.End);
                }
            }

            reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    private static async ValueTask DrainAsync(HttpContext context, PipeReader reader)
    {
        try
        {
            ReadResult read;
            do
            {
                read = await reader.ReadAsync(context.RequestAborted);
                reader.AdvanceTo(read.Buffer.End);
            }
            while (!read.IsCompleted);
        }
        catch (BadHttpRequestException)
        {
            // Larger than is drained, or too slow: the connection ends with the answer.
            context.Response.Headers.Connection = "close";
        }
    }

    private static T Parse<T>(ReadOnlySequence<byte> json, JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            var reader = new Utf8JsonReader(json);
            var value = JsonSerializer.Deserialize(ref reader, type) ?? throw new ApiException(StatusCodes.Status400BadRequest, "The body must be a JSON object, but is null");
            if (json.Slice(reader.Position).ToArray().AsSpan().Trim(" \t\r\n"u8).Length > 0)
            {
                throw new ApiException(StatusCodes.Status400BadRequest, $"The body is not valid JSON: something follows the object at byte {reader.BytesConsumed}");
            }

            return value;
        }
        catch (JsonException exception)
        {
            throw new ApiException(StatusCodes.Status400BadRequest, Describe(json.IsEmpty, exception));
        }
    }

    // The serializer's own texts quote what they did not expect, which may be part of a secret; field and position are enough to find it.
    private static string Describe(bool isEmpty, JsonException exception)
    {
        if (isEmpty)
        {
            return "The body is empty: a JSON object is required";
        }

        var field = exception.Path is { Length: > 2 } path ? path[2..Math.Min(path.Length, 130)] : "";
        var place = $"line {(exception.LineNumber ?? 0) + 1}, byte {(exception.BytePositionInLine ?? 0) + 1}";
        if (exception.InnerException is JsonException)
        {
            return $"The body is not valid JSON{(field.Length > 0 ? $" after {field}" : "")} ({place})";
        }

        if (field.Length == 0)
        {
            return $"The body must be a JSON object ({place})";
        }

        var problem = exception.Message.StartsWith("must be", StringComparison.Ordinal) ? exception.Message.Split(" Path:")[0].TrimEnd('.', ' ') : "has the wrong type";
        return $"{field} {problem} ({place})";
    }
}
