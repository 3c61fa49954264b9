using Runner.Engine.Storage;

namespace Runner.Web.Hosting;

/// <summary>Whether this runner can do its work: its process answers and its database can be read. A cluster or a hub that is down does not make it ill.</summary>
internal static class HealthCheck
{
    public const string Path = "/healthz";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(4);

    public static IResult Answer(Database database)
    {
        try
        {
            database.Read(db => db.UserVersion);
            return Results.Text("ok");
        }
        catch (IOException)
        {
            return Results.Json(new { msg = "The database in the data folder cannot be read. Is the disk there, and is it full?" }, statusCode: StatusCodes.Status503ServiceUnavailable);
        }
    }

    /// <summary>Asks the runner of this machine.</summary>
    /// <returns>The exit code: 0 when it is well.</returns>
    public static async Task<int> AskAsync(int port, bool tls)
    {
        // Whose certificate it is does not matter here: nothing secret is said, and the name is not this machine's.
#pragma warning disable CA5359
        using var handler = new SocketsHttpHandler { SslOptions = { RemoteCertificateValidationCallback = (_, _, _, _) => true } };
#pragma warning restore CA5359
        using var client = new HttpClient(handler) { Timeout = Patience };
        try
        {
            using var answer = await client.GetAsync(new Uri($"{(tls ? "https" : "http")}://127.0.0.1:{port}{Path}"));
            if (answer.IsSuccessStatusCode)
            {
                return 0;
            }

            await Console.Error.WriteLineAsync($"The runner on port {port} answered {(int)answer.StatusCode}.");
        }
        catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException)
        {
            await Console.Error.WriteLineAsync($"The runner on port {port} does not answer: {exception.Message}");
        }

        return 1;
    }
}
