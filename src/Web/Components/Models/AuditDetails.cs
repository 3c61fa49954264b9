using Runner.Engine;

namespace Runner.Web.Components.Models;

/// <summary>
/// Details of audit entries in the reader's language. The log keeps them in English, as they were written, so that what is exported says the same whoever reads it; those that are always
/// the same sentence are shown translated. What names somebody or quotes an error stands as it is.
/// </summary>
internal static class AuditDetails
{
    /// <summary>The sentences that are always the same.</summary>
    internal static IReadOnlyList<LocalText> Known { get; } =
    [
        new("The role does not allow it.", "角色不允许。"),
        new("Your role does not allow this.", "您的角色不允许此操作。"),
        new("Exported in full.", "完整导出。"),
        new("Exported with secrets masked.", "隐藏密文导出。"),
        new("Shown in the editor.", "在编辑器中显示。"),
        new("By one-time link.", "通过一次性链接。"),
        new("The one-time link was used before, is too old or unknown.", "一次性链接已用过、已过期或不存在。"),
        new("The password was right, the code of the second factor was not.", "密码正确，但第二因素的验证码不正确。"),
        new("Not looked at: too many attempts failed before.", "未处理：此前失败次数过多。"),
        new("A one-time link was shown.", "显示了一次性链接。"),
        new("One session.", "一个会话。"),
        new("All sessions and tokens.", "所有会话和令牌。"),
        new("All sessions and tokens: the provider gives no role any more.", "所有会话和令牌：身份提供方不再授予角色。"),
        new("Its secret was shown.", "显示了其密钥。"),
        new("By the user.", "由用户本人。"),
        new("Recovery codes were shown.", "显示了恢复码。"),
        new("One session, by the user.", "一个会话，由用户本人。"),
        new("Taken over from RUNNER_ADMIN_PASSWORD.", "取自 RUNNER_ADMIN_PASSWORD。"),
        new("A replica that could not ask the others removed it; it stays, as the others have it.", "一个无法询问其他副本的副本将其删除；它仍然保留，与其他副本一致。"),
        new("A replica that could not ask the others made or changed it; where others had changed the same or had taken the name, theirs counts.", "一个无法询问其他副本的副本新建或更改了它；若其他副本也更改了同一项或已占用该名称，以它们为准。"),
    ];

    private static readonly Dictionary<string, LocalText> ByEnglish = Known.ToDictionary(text => text.English);

    /// <summary>A detail for the reader of now.</summary>
    public static string Shown(string detail) => ByEnglish.TryGetValue(detail, out var known) ? known.Shown : detail;
}
