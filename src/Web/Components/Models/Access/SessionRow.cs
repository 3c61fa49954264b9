using Microsoft.Extensions.Localization;
using Runner.Web.Components.Models.Tables;
using Runner.Web.Components.Texts;
using Runner.Web.Identity.Sessions;

namespace Runner.Web.Components.Models.Access;

/// <summary>One browser in which somebody is signed in, as the table shows it.</summary>
/// <param name="User">Name of who is signed in; empty where all are one user's.</param>
/// <param name="Method">How, in the reader's language.</param>
public sealed record SessionRow(SessionRecord Session, string User, string Method)
{
    public static TableColumns<SessionRow> Columns { get; } = new(
        "seen",
        TableColumn.Words<SessionRow>("user", row => row.User),
        TableColumn.Words<SessionRow>("client", row => row.Session.Client),
        TableColumn.Words<SessionRow>("address", row => row.Session.RemoteAddress),
        TableColumn.Spoken<SessionRow>("method", row => row.Method),

        // By how long ago it was, as it is shown.
        new("started", true, false, (a, b) => b.Session.StartedAt.CompareTo(a.Session.StartedAt)),
        new("seen", true, false, (a, b) => b.Session.LastSeen.CompareTo(a.Session.LastSeen)));

    /// <summary>The row of a session.</summary>
    public static SessionRow Of(SessionRecord session, string user, IStringLocalizer<AccessText> words) => new(session, user, words[$"Method.{session.Method}"]);
}
