using System.Net;
using System.Security.Claims;
using System.Threading.Channels;
using Microsoft.AspNetCore.SignalR;
using OpenIddict.Abstractions;
using Runner.Web.Identity.Users;

namespace Runner.Web.Identity;

/// <summary>
/// Writes refusals, and tokens that were given, into the audit log behind the back of whoever asked: no answer waits for it. Whoever asks again and again does not fill the log: of each
/// kind some are taken at once and then one every few seconds; how many were left out is written too.
/// </summary>
internal sealed partial class AccessNotes(AuditLog audit, TimeProvider time, ILogger<AccessNotes> logger) : BackgroundService
{
    /// <summary>Most of one kind that are taken at once.</summary>
    internal const int Burst = 60;

    /// <summary>Beyond <see cref="Burst"/> one of a kind is taken in this time: at most 8,640 a day.</summary>
    internal static readonly TimeSpan Refill = TimeSpan.FromSeconds(10);

    /// <summary>How often it is written how many were left out, where any were.</summary>
    internal static readonly TimeSpan Summary = TimeSpan.FromMinutes(1);

    // Few are written at a time; while the disk is slow the rest is left out.
    private const int MostWaiting = 256;

    private const int LongestTarget = 200;

    private readonly Channel<Entry> _waiting = Channel.CreateBounded<Entry>(new BoundedChannelOptions(MostWaiting) { SingleReader = true });
    private readonly Lock _lock = new();
    private readonly Dictionary<(string Action, AuditOutcome Outcome), Budget> _budgets = [];

    /// <summary>Notes that somebody known was refused.</summary>
    public void NoteRefused(HttpContext context, AuditDetail why) =>
        // Without the query, which may hold anything.
        Note(NameOf(context.User), context.Connection.RemoteIpAddress, AuditActions.Refused, $"{context.Request.Method} {context.Request.Path}", AuditOutcome.Refused, why);

    /// <summary>Notes that somebody was refused a method of a hub that he is connected to.</summary>
    /// <param name="method">One that the hub has.</param>
    public void NoteRefused(HubCallerContext caller, string method, AuditDetail why)
    {
        var context = caller.GetHttpContext();
        Note(NameOf(caller.User), context?.Connection.RemoteIpAddress, AuditActions.Refused, $"{context?.Request.Path} {method}", AuditOutcome.Refused, why);
    }

    /// <summary>Notes it soon, or counts it as left out.</summary>
    /// <param name="who">Name of the user or client; cut to the length of a name, as it may be anything.</param>
    /// <param name="action">One of <see cref="AuditActions"/>.</param>
    /// <param name="detail">Without secrets.</param>
    public void Note(string who, IPAddress? address, string action, string target, AuditOutcome outcome, AuditDetail detail)
    {
        lock (_lock)
        {
            if (!_budgets.TryGetValue((action, outcome), out var budget))
            {
                _budgets[(action, outcome)] = budget = new Budget(time.GetTimestamp());
            }

            var entry = new Entry(Plain(who, UserDirectory.LongestName), address?.ToString() ?? "", action, Plain(target, LongestTarget), outcome, detail);
            if (!budget.Take(time) || !_waiting.Writer.TryWrite(entry))
            {
                budget.LeftOut++;
            }
        }
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(WriteAsync(stoppingToken), SummariseAsync(stoppingToken));

    private static string NameOf(ClaimsPrincipal? user)
    {
        var identity = user?.Identities.FirstOrDefault(known => known.IsAuthenticated);
        return identity?.Name ?? identity?.FindFirst(OpenIddictConstants.Claims.Subject)?.Value ?? "";
    }

    private static string Plain(string text, int longest) => new([.. text.Where(character => !char.IsControl(character)).Take(longest)]);

    private async Task WriteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await foreach (var entry in _waiting.Reader.ReadAllAsync(stoppingToken).ConfigureAwait(false))
            {
                await WriteAsync(entry).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException)
        {
            // What was noted before the end is written.
            while (_waiting.Reader.TryRead(out var entry))
            {
                await WriteAsync(entry).ConfigureAwait(false);
            }
        }
    }

    private async Task WriteAsync(Entry entry)
    {
        try
        {
            await audit.WriteAsync(entry.Who, entry.Address, entry.Action, entry.Target, entry.Outcome, entry.Detail, CancellationToken.None).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // The next one may be written; the loop must not end.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            LogLost(entry.Who, entry.Action, entry.Target, entry.Outcome, exception);
        }
    }

    private async Task SummariseAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Summary, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false))
            {
                lock (_lock)
                {
                    foreach (var ((action, outcome), budget) in _budgets.Where(budget => budget.Value.LeftOut > 0))
                    {
                        var detail = new AuditDetail(AuditSentence.LeftOut, budget.LeftOut.ToString(System.Globalization.CultureInfo.InvariantCulture));
                        if (_waiting.Writer.TryWrite(new Entry("system", "", action, "", outcome, detail)))
                        {
                            budget.LeftOut = 0;
                        }
                    }
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The program ends.
        }
    }

    [LoggerMessage(LogLevel.Warning, "The audit log took no entry about '{Who}': {Action} of '{Target}', {Outcome}.")]
    private partial void LogLost(string who, string action, string target, AuditOutcome outcome, Exception exception);

    private sealed record Entry(string Who, string Address, string Action, string Target, AuditOutcome Outcome, AuditDetail Detail);

    /// <summary>How many of one kind may be written.</summary>
    private sealed class Budget(long since)
    {
        private double _left = Burst;
        private long _since = since;

        public long LeftOut { get; set; }

        public bool Take(TimeProvider time)
        {
            var now = time.GetTimestamp();
            _left = Math.Min(Burst, _left + (time.GetElapsedTime(_since, now) / Refill));
            _since = now;
            if (_left < 1)
            {
                return false;
            }

            _left--;
            return true;
        }
    }
}
