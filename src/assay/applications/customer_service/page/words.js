// Every word of the page in its two languages, and which of them is shown.

const WORDS = {
  en: {
    skip: "Skip to the message",
    agentView: "Agent view",
    language: "Language",
    menu: "Conversation",
    saveText: "Save as text",
    saveJson: "Save as JSON",
    fresh: "New conversation",
    delete: "Delete this conversation",
    greeting: "How can we help?",
    welcome: "Ask in your own words, in English or Chinese. Every answer quotes our help pages and names its source.",
    examples: "Examples",
    conversation: "Conversation",
    message: "Your message",
    placeholder: "Write a message",
    send: "Send",
    keys: "Enter sends, Shift and Enter begins a new line.",
    masked: "Personal data is masked before anything is stored.",
    sureTitle: "Delete this conversation?",
    sure: "Everything that was said in it is deleted at once, and can't be brought back.",
    keep: "Keep it",
    gone: "Delete",
    you: "You:",
    reply: "Reply:",
    waiting: "A reply is being written",
    read: "Understood; a reply is being written",
    source: "Source",
    options: "Choose one",
    person: "A person will go on with you",
    helpful: "Was this helpful?",
    up: "Helpful",
    down: "Not helpful",
    thanks: "Thank you for telling us",
    deleted: "The conversation was deleted",
    expired: "The earlier conversation has expired; this is a new one",
    unreachable: "The service can't be reached.",
    again: "Send again",
    notes: "What was understood",
    intent: "Intent",
    mood: "Mood",
    heard: "Message",
    inScope: "in scope",
    outOfScope: "out of scope",
    none: "none",
    sources: "Sources",
    handOver: "Handed over",
    right: "Right",
    correct: "Right intent",
    choose: "Correct the intent",
    save: "Save",
    judged: "Judged",
    learned: "Saved for the next training as",
    en: "English",
    zh: "Chinese",
    angry: "angry",
    neutral: "neutral",
    happy: "happy",
    asked_for_a_person: "asked for a person",
    angry_twice: "angry twice in a row",
    out_of_scope: "out of scope",
    low_confidence: "low confidence",
  },
  zh: {
    skip: "跳到消息输入框",
    agentView: "客服视图",
    language: "语言",
    menu: "对话",
    saveText: "保存为文本",
    saveJson: "保存为 JSON",
    fresh: "新对话",
    delete: "删除此对话",
    greeting: "有什么可以帮您？",
    welcome: "请用自己的话提问，中文、英文都可以。每个回答都引用我们的帮助内容，并注明出处。",
    examples: "示例",
    conversation: "对话",
    message: "您的消息",
    placeholder: "请输入消息",
    send: "发送",
    keys: "按 Enter 发送，Shift + Enter 换行。",
    masked: "个人信息在保存之前会被遮盖。",
    sureTitle: "删除此对话？",
    sure: "对话中的全部内容会立即删除，无法恢复。",
    keep: "保留",
    gone: "删除",
    you: "您：",
    reply: "回复：",
    waiting: "正在回复",
    read: "已理解，正在回复",
    source: "出处",
    options: "请选择",
    person: "将由人工客服继续为您服务",
    helpful: "这个回答有帮助吗？",
    up: "有帮助",
    down: "没有帮助",
    thanks: "感谢您的反馈",
    deleted: "对话已删除",
    expired: "之前的对话已过期，现在开始新的对话",
    unreachable: "无法连接到服务。",
    again: "重新发送",
    notes: "理解结果",
    intent: "意图",
    mood: "情绪",
    heard: "消息",
    inScope: "范围内",
    outOfScope: "超出范围",
    none: "无",
    sources: "出处",
    handOver: "转人工",
    right: "正确",
    correct: "正确的意图",
    choose: "更正意图",
    save: "保存",
    judged: "已评判",
    learned: "已保存，用于下次训练：",
    en: "英文",
    zh: "中文",
    angry: "愤怒",
    neutral: "平静",
    happy: "愉快",
    asked_for_a_person: "要求人工客服",
    angry_twice: "连续两次愤怒",
    out_of_scope: "超出范围",
    low_confidence: "把握不足",
  },
};

const TAGS = { en: "en", zh: "zh-CN" };

let shown = "en";

export const word = (name) => WORDS[shown][name] ?? name;
export const language = () => shown;
export const tag = (name) => TAGS[name] ?? name;

/** Return the language to begin with: the one chosen before, else the browser's. */
export function preferred() {
  const kept = localStorage.getItem("language");
  if (kept in WORDS) return kept;
  const first = navigator.languages.find((one) => /^(en|zh)\b/i.test(one)) ?? "en";
  return first.slice(0, 2).toLowerCase();
}

/** Show every word of the page in a language; what was said stays as it is. */
export function speak(name) {
  shown = name;
  localStorage.setItem("language", name);
  document.documentElement.lang = tag(name);
  translate(document);
  for (const button of document.querySelectorAll("[data-language]")) {
    button.setAttribute("aria-pressed", String(button.dataset.language === name));
  }
  document.getElementById("message").placeholder = word("placeholder");
}

/** Fill in the words of a part of the page: `data-word` as text, `data-label` as its name. */
export function translate(part) {
  for (const one of part.querySelectorAll("[data-word]")) one.textContent = word(one.dataset.word);
  for (const one of part.querySelectorAll("[data-label]")) one.setAttribute("aria-label", word(one.dataset.label));
}
