using Microsoft.AspNetCore.Http.Features;
using Runner.Engine.Storage;
using Runner.Engine.Storage.Backups;
using Runner.Web.Identity;

namespace Runner.Web.ConsoleApi;

/// <summary><c>GET /api/console/backup</c>: the data folder as a zip, taken while the program runs. It holds everything, hashes and keys included, and is given out as it is.</summary>
internal static class BackupCall
{
    /// <summary>Below <c>/api/console</c>.</summary>
    public const string Name = "/backup";

    public const string Path = "/api/console" + Name;

    public static async Task SendAsync(HttpContext context, Database database, AuditLog audit, TimeProvider time)
    {
        var (response, stamp) = (context.Response, time.GetUtcNow().UtcDateTime.ToString("yyyyMMdd-HHmmss", System.Globalization.CultureInfo.InvariantCulture));

        // The archive writes the end of an entry and its directory without waiting, a few bytes each.
        if (context.Features.Get<IHttpBodyControlFeature>() is { } control)
        {
            control.AllowSynchronousIO = true;
        }

        try
        {
            await BackupWriter.WriteAsync(database, time, response.Body, BeginAsync, context.RequestAborted).ConfigureAwait(false);
        }
        catch (IOException exception) when (!response.HasStarted)
        {
            response.StatusCode = StatusCodes.Status507InsufficientStorage;
            await response.WriteAsJsonAsync(new { msg = $"The backup could not be made: {exception.Message} It takes as much room in the data folder as the database for a moment." }, context.RequestAborted).ConfigureAwait(false);
        }

        async Task BeginAsync()
        {
            await audit.WriteAsync(context.User, AuditActions.Backup, "", AuditOutcome.Done, AuditDetail.None, CancellationToken.None).ConfigureAwait(false);
            response.ContentType = "application/zip";
            response.Headers.ContentDisposition = $"attachment; filename=\"runner-backup-{stamp}.zip\"";
            response.Headers.CacheControl = "no-store";
        }
    }
}
