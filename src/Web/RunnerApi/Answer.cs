using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Runner.Web.RunnerApi;

/// <summary>Writes answers whole, with their length.</summary>
internal static class Answer
{
    private const string Json = "application/json; charset=utf-8";

    /// <summary>Readable for whoever calls by hand: quotes in sentences are not written as escapes. Nobody shows these answers as HTML.</summary>
    public static AnswerJson Types { get; } = new(new JsonSerializerOptions
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });

    public static Task OkAsync<T>(HttpContext context, T value, JsonTypeInfo<T> type) => BytesAsync(context, StatusCodes.Status200OK, JsonSerializer.SerializeToUtf8Bytes(value, type));

    public static Task ErrorAsync(HttpContext context, int status, string message) => ErrorAsync(context, status, new ErrorAnswer(message));

    public static Task ErrorAsync(HttpContext context, int status, ErrorAnswer error) =>
        BytesAsync(context, status, JsonSerializer.SerializeToUtf8Bytes(error, Answer.Types.ErrorAnswer));

    /// <summary><c>{"msg":"OK"}</c>.</summary>
    public static Task OkAsync(HttpContext context) => OkAsync(context, new OkAnswer("OK"), Types.OkAnswer);

    public static Task ErrorAsync(HttpContext context, int status, CodedErrorAnswer error) =>
        BytesAsync(context, status, JsonSerializer.SerializeToUtf8Bytes(error, Types.CodedErrorAnswer));

    public static Task BytesAsync(HttpContext context, int status, byte[] json)
    {
        var response = context.Response;
        response.StatusCode = status;
        response.ContentType = Json;
        response.ContentLength = json.Length;
        return response.BodyWriter.WriteAsync(json, context.RequestAborted).AsTask();
    }
}
