import type { ErrorCode } from '../errors.ts'

/** What a person reads; the code is for programs. */
export const sentences: Record<ErrorCode, { en: string; ru: string }> = {
  invalid_input: { en: 'Some fields are not right.', ru: 'Некоторые поля заполнены неверно.' },
  not_signed_in: { en: 'Sign in first.', ru: 'Сначала войдите.' },
  bad_credentials: { en: 'Wrong e-mail address or password.', ru: 'Неверный адрес почты или пароль.' },
  token_invalid: {
    en: 'This token is not valid any more. Sign in again.',
    ru: 'Токен больше не действует. Войдите снова.',
  },
  csrf_failed: { en: 'The CSRF token is missing or wrong.', ru: 'CSRF-токен отсутствует или неверен.' },
  origin_refused: { en: 'Another site may not do this.', ru: 'Другому сайту это не разрешено.' },
  host_refused: { en: 'This host name is not served here.', ru: 'Это имя узла здесь не обслуживается.' },
  forbidden: { en: 'You may not do this.', ru: 'Вам это не разрешено.' },
  too_many_requests: { en: 'Too many attempts. Try again later.', ru: 'Слишком много попыток. Повторите позже.' },
  busy: {
    en: 'Too busy right now. Try again in a moment.',
    ru: 'Сейчас слишком много запросов. Повторите чуть позже.',
  },
  database_unavailable: {
    en: 'The database cannot be reached. Try again in a moment.',
    ru: 'База данных недоступна. Повторите чуть позже.',
  },
  store_unavailable: {
    en: 'The video store cannot be reached. Try again in a moment.',
    ru: 'Хранилище видео недоступно. Повторите чуть позже.',
  },
  not_found: { en: 'There is nothing here.', ru: 'Здесь ничего нет.' },
  push_off: {
    en: 'This site sends no notices to devices.',
    ru: 'Этот сайт не присылает уведомлений на устройства.',
  },
  push_address_refused: {
    en: 'This is not the address of a push service.',
    ru: 'Это не адрес службы уведомлений.',
  },
  invalid_page: { en: 'Invalid page.', ru: 'Неправильная страница.' },
  method_not_allowed: { en: 'This method is not allowed here.', ru: 'Этот метод здесь не разрешён.' },
  json_only: {
    en: 'Send JSON (Content-Type: application/json).',
    ru: 'Отправьте JSON (Content-Type: application/json).',
  },
  malformed_json: { en: 'The body is not JSON.', ru: 'Тело запроса — не JSON.' },
  body_too_large: { en: 'The body is too large.', ru: 'Тело запроса слишком велико.' },
  token_used: {
    en: 'This link has been used already.',
    ru: 'Эта ссылка уже использована.',
  },
  link_invalid: {
    en: 'This link is not valid any more. Ask for a new one.',
    ru: 'Эта ссылка больше не действует. Запросите новую.',
  },
  password_common: {
    en: 'Everybody guesses this password first. Choose another one.',
    ru: 'Такой пароль подбирают первым. Придумайте другой.',
  },
  wrong_password: {
    en: 'This is not your password.',
    ru: 'Это не ваш пароль.',
  },
  image_unreadable: {
    en: 'This picture cannot be read.',
    ru: 'Не удалось прочитать картинку.',
  },
  ends_before_start: { en: 'It ends before it begins.', ru: 'Окончание раньше начала.' },
  too_many_entries: {
    en: 'There are enough entries already. Delete one first.',
    ru: 'Записей уже достаточно. Сначала удалите одну.',
  },
  entry_not_found: {
    en: 'There is no such entry.',
    ru: 'Такой записи нет.',
  },
  session_not_found: { en: 'There is no such session.', ru: 'Такого сеанса нет.' },
  channel_not_found: { en: 'There is no such channel.', ru: 'Такого канала нет.' },
  slug_taken: { en: 'This address is taken.', ru: 'Этот адрес занят.' },
  slug_reserved: { en: 'This address is reserved.', ru: 'Этот адрес зарезервирован.' },
  broadcast_not_found: { en: 'There is no such broadcast.', ru: 'Такой трансляции нет.' },
  broadcast_not_live: { en: 'This broadcast is not live.', ru: 'Эта трансляция не в эфире.' },
  broadcast_not_scheduled: {
    en: 'Only a broadcast that has not begun can be changed like this.',
    ru: 'Так можно изменить только ещё не начавшуюся трансляцию.',
  },
  recording_not_found: { en: 'There is no such recording.', ru: 'Такой записи нет.' },
  recording_live: { en: 'Its broadcast is still live.', ru: 'Её трансляция ещё в эфире.' },
  playback_refused: { en: 'This link is not valid or has expired.', ru: 'Ссылка недействительна или устарела.' },
  stream_key_refused: {
    en: 'This stream key is not known. Copy it again from the studio.',
    ru: 'Неизвестный ключ трансляции. Скопируйте его из студии ещё раз.',
  },
  publish_slowed: {
    en: 'Too many wrong stream keys from this address. Wait a minute.',
    ru: 'Слишком много неверных ключей с этого адреса. Подождите минуту.',
  },
  show_just_ended: {
    en: 'The show was just ended in the studio. Start again in a few seconds.',
    ru: 'Трансляция только что завершена в студии. Начните снова через несколько секунд.',
  },
  live_elsewhere: {
    en: 'This channel is live on another server. End that show first.',
    ru: 'Канал уже в эфире на другом сервере. Сначала завершите ту трансляцию.',
  },
  course_not_found: { en: 'There is no such course.', ru: 'Такого курса нет.' },
  user_not_found: { en: 'There is no such account.', ru: 'Такой учётной записи нет.' },
  last_admin: {
    en: 'This is the last administrator. Make another one first.',
    ru: 'Это последний администратор. Сначала назначьте другого.',
  },
  registration_closed: {
    en: 'New accounts are not made at the moment.',
    ru: 'Новые учётные записи сейчас не создаются.',
  },
  not_a_teacher: { en: 'Only teachers are verified.', ru: 'Проверяются только преподаватели.' },
  job_not_found: { en: 'There is no such failed job.', ru: 'Такого неудавшегося задания нет.' },
  library_busy: {
    en: 'Something else runs over the library. Wait for it, or cancel it.',
    ru: 'С библиотекой уже работает другое задание. Дождитесь его или отмените.',
  },
  library_run_not_found: { en: 'There is no such run.', ru: 'Такого задания нет.' },
  library_run_ended: { en: 'It has ended already.', ru: 'Оно уже закончилось.' },
  profile_not_found: { en: 'There is no such profile.', ru: 'Такого профиля нет.' },
  lesson_not_found: { en: 'There is no such lesson.', ru: 'Такого урока нет.' },
  enrollment_required: {
    en: 'Enroll in the course to see this lesson.',
    ru: 'Запишитесь на курс, чтобы открыть этот урок.',
  },
  enrollment_not_found: { en: 'Nobody of that name learns in this course.', ru: 'Такого ученика на этом курсе нет.' },
  quiz_not_found: { en: 'This lesson has no quiz.', ru: 'В этом уроке нет теста.' },
  attempt_not_started: { en: 'Start the attempt first.', ru: 'Сначала начните попытку.' },
  attempts_exhausted: { en: 'There are no attempts left.', ru: 'Попыток больше нет.' },
  assignment_not_found: { en: 'This lesson has no assignment.', ru: 'В этом уроке нет задания.' },
  submission_not_found: { en: 'There is no such submission.', ru: 'Такой работы нет.' },
  nothing_submitted: { en: 'Write something or add a file.', ru: 'Напишите что-нибудь или приложите файл.' },
  above_max_grade: { en: 'That is above the highest grade.', ru: 'Это больше максимальной оценки.' },
  malformed_form: { en: 'This form cannot be read.', ru: 'Форму не удалось прочитать.' },
  file_missing: { en: 'There is no such file.', ru: 'Такого файла нет.' },
  too_many_files: {
    en: 'That is more files than this assignment takes.',
    ru: 'Файлов больше, чем принимает это задание.',
  },
  file_too_large: { en: 'A file may have 20 MB.', ru: 'Файл может занимать до 20 МБ.' },
  file_type_refused: { en: 'Files of this kind are not taken.', ru: 'Файлы такого вида не принимаются.' },
  module_not_found: { en: 'There is no such module.', ru: 'Такого модуля нет.' },
  category_not_found: { en: 'There is no such category.', ru: 'Такой категории нет.' },
  tag_not_found: { en: 'There is no such tag.', ru: 'Такой метки нет.' },
  course_role_not_found: { en: 'Nobody has that place in this course.', ru: 'Такой роли в этом курсе нет.' },
  version_conflict: {
    en: 'Somebody has changed this meanwhile. Load it again.',
    ru: 'Это уже изменил кто-то другой. Загрузите заново.',
  },
  precondition_failed: {
    en: 'Somebody has changed this meanwhile. Load it again.',
    ru: 'Это уже изменил кто-то другой. Загрузите заново.',
  },
  invalid_transition: {
    en: 'The course cannot go from its status to that one.',
    ru: 'Курс нельзя перевести из его статуса в этот.',
  },
  course_incomplete: {
    en: 'This is needed before the course can be reviewed.',
    ru: 'Это нужно до отправки курса на проверку.',
  },
  course_in_review: {
    en: 'The course is being reviewed. Withdraw it to go on editing.',
    ru: 'Курс на проверке. Отзовите его, чтобы продолжить правку.',
  },
  slug_frozen: {
    en: 'Links lead to this course: its address stays as it is.',
    ru: 'На курс уже ведут ссылки: его адрес не меняется.',
  },
  last_staff: {
    en: 'Nobody would be left to run the course.',
    ru: 'В курсе не осталось бы ни преподавателя, ни продюсера.',
  },
  course_in_use: {
    en: 'Only a draft without learners and payments can be deleted. Archive it instead.',
    ru: 'Удалить можно только черновик без учеников и платежей. Переместите курс в архив.',
  },
  course_has_learners: {
    en: 'Learners are enrolled, so it cannot be a draft again. Archive it instead.',
    ru: 'В курсе есть ученики, черновиком он стать не может. Переместите его в архив.',
  },
  email_not_verified: { en: 'Confirm your e-mail address first.', ru: 'Сначала подтвердите адрес почты.' },
  teacher_rejected: {
    en: 'Your identity check was rejected, so courses cannot be submitted.',
    ru: 'Проверка личности отклонена, отправлять курсы на публикацию нельзя.',
  },
  own_submission: {
    en: 'Somebody else has to approve what you have submitted.',
    ru: 'Одобрить отправленный вами курс должен кто-то другой.',
  },
  lesson_not_live: {
    en: 'Only a video lesson without a recording can be broadcast.',
    ru: 'Транслировать можно только видеоурок без записи.',
  },
  lesson_in_use: {
    en: 'Learners have begun it. Hide it instead; a hidden one can be deleted.',
    ru: 'Ученики уже начали. Скройте урок; скрытый можно удалить.',
  },
  category_in_use: { en: 'Courses are in this category, or below it.', ru: 'В этой категории или под ней есть курсы.' },
  tag_taken: { en: 'There is such a tag already.', ru: 'Такая метка уже есть.' },
  course_role_taken: {
    en: 'This person has that place in the course already.',
    ru: 'У этого человека уже есть эта роль в курсе.',
  },
  recording_in_use: {
    en: 'A lesson uses this recording. Take it out of the lesson first.',
    ru: 'Эту запись использует урок. Сначала уберите её из урока.',
  },
  recording_failed: { en: 'There is nothing in this recording to watch.', ru: 'В этой записи нечего смотреть.' },
  order_mismatch: {
    en: 'Name each of them exactly once, and nothing else.',
    ru: 'Укажите каждый элемент ровно один раз и ничего лишнего.',
  },
  unknown_choice: { en: 'There is no such choice.', ru: 'Такого варианта нет.' },
  number_expected: { en: 'Enter a number.', ru: 'Введите число.' },
  category_cycle: { en: 'A category cannot stand below itself.', ru: 'Категория не может быть вложена сама в себя.' },
  category_too_deep: {
    en: 'Categories are three levels deep at most.',
    ru: 'Категории вложены не глубже трёх уровней.',
  },
  definition_missing: { en: 'A lesson of this kind needs it.', ru: 'Для урока этого типа это обязательно.' },
  review_not_found: { en: 'There is no such review.', ru: 'Такого отзыва нет.' },
  already_reviewed: {
    en: 'You have reviewed this course already. Edit your review instead.',
    ru: 'Вы уже оставили отзыв об этом курсе. Его можно изменить.',
  },
  review_hidden: { en: 'This review has been hidden by a moderator.', ru: 'Этот отзыв скрыт модератором.' },
  report_not_found: { en: 'There is no such report.', ru: 'Такого отчёта нет.' },
  report_not_ready: { en: 'The report is not ready yet.', ru: 'Отчёт ещё не готов.' },
  period_too_long: {
    en: 'That is too long a period. Take a shorter one or longer steps.',
    ru: 'Слишком длинный период. Выберите период короче или шаг крупнее.',
  },
  period_reversed: { en: 'The period ends before it begins.', ru: 'Период заканчивается раньше, чем начинается.' },
  course_staff: {
    en: 'You are on the staff of this course, so you cannot learn in it.',
    ru: 'Вы ведёте этот курс, записаться на него нельзя.',
  },
  course_archived: {
    en: 'This course is archived and takes no new learners.',
    ru: 'Курс в архиве, запись на него закрыта.',
  },
  paid_enrollment: {
    en: 'This place was paid for. A refund ends it.',
    ru: 'Это место оплачено. Его завершает возврат.',
  },
  promo_invalid: { en: 'This promo code is not valid here.', ru: 'Этот промокод здесь не действует.' },
  promo_used_up: { en: 'This promo code has been used up.', ru: 'Этот промокод уже исчерпан.' },
  promo_not_found: { en: 'There is no such promo code.', ru: 'Такого промокода нет.' },
  promo_taken: { en: 'There is such a promo code already.', ru: 'Такой промокод уже есть.' },
  promo_percent_or_amount: {
    en: 'Give a percentage, or an amount with its currency.',
    ru: 'Укажите процент либо сумму и её валюту.',
  },
  payment_not_found: { en: 'There is no such payment.', ru: 'Такого платежа нет.' },
  payment_not_refundable: { en: 'Nothing of this payment can be refunded.', ru: 'По этому платежу нечего возвращать.' },
  refund_not_allowed: {
    en: 'The time in which you could take this purchase back is over, or you have learned too much of it.',
    ru: 'Срок возврата прошёл, или пройдена слишком большая часть курса.',
  },
  refund_too_much: { en: 'That is more than is left of the payment.', ru: 'Это больше остатка платежа.' },
  amount_below_minimum: { en: 'That is less than can be charged.', ru: 'Сумма меньше той, что можно списать.' },
  idempotency_key_reused: {
    en: 'This Idempotency-Key was used for something else.',
    ru: 'Этот Idempotency-Key уже использован для другого.',
  },
  payments_unavailable: {
    en: 'Payments do not work at the moment. Try again in a minute.',
    ru: 'Оплата сейчас не работает. Попробуйте через минуту.',
  },
  webhook_refused: { en: 'This is not signed as it should be.', ru: 'Подпись неверна.' },
  room_not_found: { en: 'There is no such room.', ru: 'Такой комнаты нет.' },
  message_not_found: { en: 'There is no such message.', ru: 'Такого сообщения нет.' },
  emote_not_found: { en: 'There is no such emote.', ru: 'Такого смайла нет.' },
  ban_not_found: { en: 'This person is not banned here.', ru: 'Этот человек здесь не заблокирован.' },
  chat_unavailable: {
    en: 'The chat does not work at the moment. Try again in a minute.',
    ru: 'Чат сейчас не работает. Попробуйте через минуту.',
  },
  mode_unknown_here: {
    en: 'Rooms of this kind do not have this mode.',
    ru: 'В комнатах такого рода этого режима нет.',
  },
  not_in_room: {
    en: 'This person cannot even read here. Let them into the course first.',
    ru: 'Этот человек не может здесь даже читать. Сначала запишите его на курс.',
  },
  video_not_found: { en: 'There is no such video.', ru: 'Такого видео нет.' },
  video_too_large: {
    en: 'This file is larger than a video may be here.',
    ru: 'Файл больше, чем здесь может быть видео.',
  },
  video_in_use: {
    en: 'A lesson uses this video. Delete the lesson first.',
    ru: 'Это видео использует урок. Сначала удалите урок.',
  },
  video_not_ready: {
    en: 'The video is still being made, or could not be. A lesson needs it whole.',
    ru: 'Видео ещё готовится или не получилось. Для урока оно нужно целиком.',
  },
  video_quota_reached: {
    en: 'There is no room for this file. Delete a video first.',
    ru: 'Для этого файла нет места. Сначала удалите какое-нибудь видео.',
  },
  export_not_found: {
    en: 'There is no such file any more. Make it again.',
    ru: 'Такого файла больше нет. Создайте его заново.',
  },
  export_not_ready: { en: 'The file is still being made.', ru: 'Файл ещё создаётся.' },
  too_many_exports: {
    en: 'Several files are being made for you already. Wait for one of them.',
    ru: 'Для вас уже создаётся несколько файлов. Дождитесь одного из них.',
  },
  range_refused: { en: 'The file ends before that.', ru: 'Файл кончается раньше.' },
  captions_not_found: {
    en: 'It has no captions in this language.',
    ru: 'На этом языке субтитров нет.',
  },
  captions_encoding: {
    en: 'This line is not in UTF-8. Save the file as UTF-8 and send it again.',
    ru: 'Эта строка не в кодировке UTF-8. Сохраните файл в UTF-8 и отправьте снова.',
  },
  captions_unknown: {
    en: 'This is neither WebVTT nor SubRip: times such as 00:01:02.000 --> 00:01:05.000 are missing.',
    ru: 'Это не WebVTT и не SubRip: нет времени вида 00:01:02.000 --> 00:01:05.000.',
  },
  captions_line: {
    en: 'This line is not right: here stands a time such as 00:01:02.000 --> 00:01:05.000, after an empty line.',
    ru: 'Эта строка неверна: здесь, после пустой строки, должно стоять время вида 00:01:02.000 --> 00:01:05.000.',
  },
  captions_end: {
    en: 'These words end before they begin.',
    ru: 'Эта реплика кончается раньше, чем начинается.',
  },
  captions_too_long: {
    en: 'One caption may have 2,000 characters, and a file 20,000 captions.',
    ru: 'В одной реплике может быть до 2000 знаков, в файле — до 20 000 реплик.',
  },
  captions_empty: {
    en: 'No words are in this file.',
    ru: 'В файле нет ни одной реплики.',
  },
  too_many_captions: {
    en: 'There may be captions in 30 languages.',
    ru: 'Субтитры могут быть на 30 языках.',
  },
  language_unknown: {
    en: 'This is no language tag. Write one such as en, ru or pt-BR.',
    ru: 'Это не код языка. Напишите, например, en, ru или pt-BR.',
  },
  duration_unknown: {
    en: 'How long it is is not known yet. Try again when it can be watched.',
    ru: 'Длительность ещё неизвестна. Повторите, когда видео можно будет смотреть.',
  },
  chapter_past_end: {
    en: 'A chapter begins after the end.',
    ru: 'Глава начинается после конца.',
  },
  chapters_together: {
    en: 'Two chapters begin at the same moment.',
    ru: 'Две главы начинаются одновременно.',
  },
  upload_size_differs: {
    en: 'The file is not as long as was announced. Begin the upload again.',
    ru: 'Размер файла не тот, что был объявлен. Начните загрузку заново.',
  },
  own_channel: { en: 'This is your own channel.', ru: 'Это ваш собственный канал.' },
}
