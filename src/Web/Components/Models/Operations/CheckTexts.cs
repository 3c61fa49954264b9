using Microsoft.Extensions.Localization;
using Runner.Engine.Diagnostics;
using Runner.Web.Components.Texts;

namespace Runner.Web.Components.Models.Operations;

/// <summary>What a check found, in a sentence of the reader's language.</summary>
internal static class CheckTexts
{
    /// <summary>The sentence about the cause. Where a connection test failed it says at which step and why, as the test itself does.</summary>
    public static string Cause(this IStringLocalizer<OperationsText> texts, CheckResult result) => (result.Cause, result.Arguments.ToArray()) switch
    {
        (CheckCause.RegistryFails or CheckCause.StoreFails, [var step, var fault, .. var named]) =>
            texts[$"Cause.{result.Cause}", texts[$"Step.{step}"], Fault(texts, fault, named).TrimEnd('.', '。')],
        (CheckCause.HubUnreachable, [var hub, var fault, .. var named]) => texts[$"Cause.{result.Cause}", hub] + " " + Fault(texts, fault, named),
        (_, ["1", ..]) when texts[$"Cause.{result.Cause}.One"] is { ResourceNotFound: false } one => one,
        _ => texts[$"Cause.{result.Cause}", [.. result.Arguments]],
    };

    private static string Fault(IStringLocalizer<OperationsText> texts, string fault, IEnumerable<string> named) => texts[$"Fault.{fault}", [.. named]];
}
